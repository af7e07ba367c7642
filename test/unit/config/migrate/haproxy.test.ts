/** Old forms of haproxy.cfg and what becomes of them: one line of the table, one form. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HaproxyTarget, migrateHaproxy } from '../../../../src/config/migrate/haproxy.ts';
import { migratedSource } from '../../../../src/config/migrate/migration.ts';
import { oldForms } from './old-forms.ts';

function migrate(text: string, target: HaproxyTarget = 'haproxy-3.4') {
  return migrateHaproxy({ file: 'old.cfg', text }, target);
}

/** The lines that take the place of one line of a section. */
function within(header: string, line: string): string[] {
  const { text } = migrate(`${header}\n    ${line}\n`);
  return text
    .split('\n')
    .slice(1, -1)
    .map((one) => one.trim());
}

describe('old forms', () => {
  it.each(oldForms)('%s: %s', (header, old, ...modern) => {
    expect(within(header, old)).toEqual(modern);
  });
});

const leftovers: readonly (readonly [line: string, why: RegExp])[] = [
  ['option httpchk HEAD / HTTP/\\\\r\\nHost:', /its version is none/],
  ['reqrep foo bar', /say which one is meant/],
  ['reqrep ^(.*)evil(.*) \\1good\\2', /say which one is meant/],
  ['reqrep ^([^\\ ]*)\\ /a(.*) HEAD\\ /b\\2', /path and method at once/],
  ['rspidel ^Set-Cookie:\\ IP=', /deletes all of them/],
  ['rsprep ^HTTP/1.1\\ 500 HTTP/1.1\\ 503', /status line/],
  ['reqadd nonsense', /no header/],
  ['reqadd "X: $NAME"', /variable/],
  ['rspadd X:\\ a and more', /neither 'if' nor 'unless'/],
  ['option http_proxy', /do-resolve/],
  ['acl a src_limit 5', /src_limit/],
];

describe('what has no translation', () => {
  it.each(leftovers)('%s', (line, why) => {
    const migration = migrate(`frontend f\n  ${line}\n`);
    expect(migration.edits).toEqual([]);
    expect(migration.findings).toMatchObject([{ code: 'not-migrated', message: expect.stringMatching(why) }]);
  });
});

describe('section lines', () => {
  it('moves the address of a listen line into a bind line with the indentation of the section', () => {
    const { text } = migrate('listen  web 0.0.0.0:80 # here\n\n\tmode http\n');
    expect(text).toBe('listen  web # here\n\tbind 0.0.0.0:80\n\n\tmode http\n');
  });

  it('keeps CRLF and gives the last line its line end', () => {
    expect(migrate('listen web :80\r\n  redispatch').text).toBe('listen web\r\n  bind :80\r\n  option redispatch\r\n');
  });

  it('gives a frontend that shares its name with a backend another one, for 3.4 only', () => {
    const old = 'frontend web\n  acl busy fe_conn(web) gt 5\n  default_backend web\nbackend web\n';
    expect(migrate(old).text).toBe(
      'frontend web_fe\n  acl busy fe_conn(web_fe) gt 5\n  default_backend web\nbackend web\n',
    );
    expect(migrate(old, 'haproxy-2.6').edits).toEqual([]);
  });

  it('renames later servers of one name', () => {
    const { text } = migrate(
      'backend b\n server s 10.0.0.1:80\n server s 10.0.0.2:80 check\n server s_2 10.0.0.3:80\n',
    );
    expect(text).toBe('backend b\n server s 10.0.0.1:80\n server s_3 10.0.0.2:80 check\n server s_2 10.0.0.3:80\n');
  });

  it("reads 'default' at the beginning of a line as 'defaults'", () => {
    expect(migrate('default\n  mode http\n').text).toBe('defaults\n  mode http\n');
  });

  it('answers the health mode by a rule, and drops its check option', () => {
    const { text } = migrate('listen h :81\n mode health\n option httpchk\n');
    expect(text).toBe('listen h\n bind :81\n mode http\n http-request return status 200\n # option httpchk\n');
  });

  it('uses the mode of the defaults section before it', () => {
    const { text } = migrate('defaults\n mode http\nfrontend f\n monitor-net 10.0.0.1\n');
    expect(text).toContain(' http-request return status 200 if { src 10.0.0.1 }\n');
  });
});

it('warns when a rule ran in another order', () => {
  const { findings } = migrate('frontend f\n  reqadd A:\\ b\n  http-request set-path /x\n');
  expect(findings).toMatchObject([{ code: 'check-migration', message: expect.stringContaining('of line 3') }]);
});

it('changes nothing in a file of today, and nothing the second time', () => {
  const words = [
    'mode http',
    'redispatch',
    'reqadd A:\\ b',
    'server s 10.0.0.1:80',
    '# note',
    '',
    'bind :80',
    'grace 5',
  ];
  const headers = ['global', 'defaults', 'listen a :80', 'frontend b 1.1.1.1:2', 'backend c'];
  const line = fc.oneof(fc.constantFrom(...headers), fc.constantFrom(...words.map((word) => `  ${word}`)));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
      const once = migrate(lines.join(end));
      expect(migrateHaproxy(migratedSource(once), 'haproxy-3.4').edits).toEqual([]);
    }),
  );
});

it('leaves every other byte as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (noise) => {
      const latin1 = Buffer.from(noise, 'utf8').toString('latin1').replaceAll('\n', '');
      const old = `defaults\n# ${latin1}\n\tredispatch\t# ${latin1}\n`;
      expect(migrate(old).text).toBe(`defaults\n# ${latin1}\n\toption redispatch\t# ${latin1}\n`);
    }),
  );
});
