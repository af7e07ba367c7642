/**
 * Tokens of a haproxy.cfg (configuration manual, chapter 2.2 "Quoting and escaping").
 *
 * One `Word` token for everything: a word runs to the next unquoted blank or `#`, and keeps its quotes and escapes.
 * A backslash hides the character after it only where the original says so (blank, `#`, quotes, backslash); before
 * any other character it is an ordinary character. A quote that is never closed runs to the end of its line; that
 * is reported by `words.ts`. A section's name is a word that stands first on its line, so its token looks back.
 * Every input can be lexed: whatever is not blank, comment or line end is part of a word.
 */
import { type CustomPatternMatcherFunc, createToken, type IToken, Lexer } from 'chevrotain';

export const SECTION_NAMES = [
  'global',
  'defaults',
  'listen',
  'frontend',
  'backend',
  'peers',
  'resolvers',
  'userlist',
  'mailers',
  'cache',
  'program',
  'ring',
  'http-errors',
  'fcgi-app',
  'log-forward',
  'log-profile',
  'crt-store',
  'traces',
  'acme',
  'healthcheck',
  'namespace_list',
  'ruleset',
] as const;

export type SectionName = (typeof SECTION_NAMES)[number];

const wordPattern = /(?:[^ \t\r\n\v\f"'\\#]+|\\[ \\"'#]?|"(?:[^"\\\n]+|\\[^\n]?)*"?|'[^'\n]*'?)+/y;
const sectionPattern = new RegExp(`(?:${SECTION_NAMES.join('|')})(?=[ \\t\\r\\n\\v\\f#]|$)`, 'y');
/** The first letters of section names, so that the lexer tries the pattern only there. */
const sectionInitials = [...new Set(SECTION_NAMES.map((name) => name[0]!))];

function matchSectionName(text: string, offset: number, tokens: IToken[]): RegExpExecArray | null {
  const last = tokens[tokens.length - 1];
  if (last !== undefined && last.tokenType !== LineEnd) return null;
  sectionPattern.lastIndex = offset;
  return sectionPattern.exec(text);
}

export const LineEnd = createToken({ name: 'LineEnd', pattern: /\n/, line_breaks: true });
const Blank = createToken({ name: 'Blank', pattern: /[ \t\r\v\f]+/, group: Lexer.SKIPPED });
export const Comment = createToken({ name: 'Comment', pattern: /#[^\n]*/ });
export const SectionWord = createToken({
  name: 'SectionWord',
  pattern: matchSectionName as CustomPatternMatcherFunc,
  start_chars_hint: sectionInitials,
  line_breaks: false,
});
export const Word = createToken({ name: 'Word', pattern: wordPattern, line_breaks: false });

export const tokens = [LineEnd, Blank, Comment, SectionWord, Word];

export const lexer = new Lexer(tokens, {
  positionTracking: 'onlyOffset',
  skipValidations: true,
});
