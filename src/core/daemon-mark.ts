/**
 * Tells the second process of a daemon that it is one (see `daemon.ts`; apart from it because every start asks this and
 * only a daemon needs the rest). The variable is read once and taken away, so that no script of ours inherits it.
 */
export const DAEMON_MARK = 'TANDEM_DAEMON';

/** Is this the second process, whose parent has already told of the configuration and waits for us? */
export const startedByParent = process.env[DAEMON_MARK] === '1' && process.send !== undefined;
delete process.env[DAEMON_MARK];
