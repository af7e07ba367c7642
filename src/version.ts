/** The program's version, as in package.json (test/unit/version.test.ts holds them together). */
export const VERSION = '0.1.0';
