/** The end for our own bugs: say what, exit non-zero; core restarts the role with back-off. */
export function fatal(what: string): never {
  process.stderr.write(
    `tandem: internal error: ${what}\n${new Error().stack?.split('\n').slice(2).join('\n') ?? ''}\n`,
  );
  process.exit(70);
}
