/**
 * The tokens of keepalived.conf, as Chevrotain lexers.
 *
 * Two lexers share one vocabulary. `fileLexer` reads a physical file: comments, `@id` conditions, `$NAME=`
 * definitions and `include` lines are tokens of their own, blanks are kept, and every byte of the file is in exactly
 * one token, so that the tokens joined are the file. `expandedLexer` reads text after expansion (`expand.ts`), where
 * those four are gone and a `#` that is left was escaped.
 *
 * One `Word` token, never a token per keyword. Braces stand for themselves anywhere outside double quotes, even
 * attached to a word (`VI_1{`), as keepalived reads them; only the braces of `${NAME}` and `~LST({..})` belong to a
 * word. A double quote starts a quoted word wherever it stands; a backslash does not escape it (scripts are read a
 * second time with their own rules, see `script.ts`). keepalived.conf(5), "CONFIGURATION FILE SYNTAX".
 */
import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain';

/** `~SEQ(..)` and `~LST(..)` are bounded so that a line full of unclosed ones is read in linear time. */
const WORD_IN_FILE =
  /(?:\\[^ \t\r\v\f\n]?|\$\{[A-Za-z_]\w{0,99}(?:[ \t][^\n{}"]{0,200})?\}|~(?:SEQx?|LST)\([^)\n"#!]{0,2000}\)|[^ \t\r\v\f\n"#!{}\\])+/y;
const CONTINUATION = /\\[ \t\r]*\n/y;
const COMMENT = /[#!][^\n]*/y;
const COMMENT_IN_DEFINITION = /[#!](?:[^\n\\]|\\(?![ \t\r]*\n))*/y;
const WORD_EXPANDED = /(?:\$\{[A-Za-z_]\w{0,99}\}|[^ \t\r\v\f\n"{}])+/y;

function previousIsLineStart(tokens: readonly IToken[]): boolean {
  for (let i = tokens.length - 1; i >= 0; i--) {
    const type = tokens[i]!.tokenType;
    if (type === Newline) return true;
    if (type !== Blank && type !== ByteOrderMark) return false;
  }
  return true;
}

/** The same, or behind the condition of a line. */
function previousIsCondition(tokens: readonly IToken[]): boolean {
  for (let i = tokens.length - 1; i >= 0; i--) {
    const type = tokens[i]!.tokenType;
    if (type === Condition) return true;
    if (type !== Blank) return type === Newline || type === ByteOrderMark;
  }
  return true;
}

function lastSolid(tokens: readonly IToken[]): TokenType | undefined {
  for (let i = tokens.length - 1; i >= 0; i--) {
    const type = tokens[i]!.tokenType;
    if (type !== Blank) return type;
  }
  return undefined;
}

function inDefinition(tokens: readonly IToken[]): boolean {
  for (let i = tokens.length - 1; i >= 0; i--) {
    const type = tokens[i]!.tokenType;
    if (type === Newline) return false;
    if (type === Definition || type === Continuation) return true;
  }
  return false;
}

/** A pattern that counts only where `allowed` says so. */
function patternWhere(regex: RegExp, allowed: (tokens: IToken[]) => boolean) {
  return {
    exec(text: string, offset: number, tokens: IToken[]): RegExpExecArray | null {
      if (!allowed(tokens)) return null;
      regex.lastIndex = offset;
      return regex.exec(text);
    },
  };
}

const sticky = (regex: RegExp) => patternWhere(regex, () => true);

export const ByteOrderMark = createToken({
  name: 'ByteOrderMark',
  pattern: patternWhere(/\xef\xbb\xbf/y, (tokens) => tokens.length === 0),
  line_breaks: false,
  start_chars_hint: ['\xef'],
});
export const Newline = createToken({ name: 'Newline', pattern: /\n/, line_breaks: true });
/** C's isspace() without the newline. Not `\s`: 0xa0 is a blank there, and half of many a UTF-8 letter here. */
export const Blank = createToken({ name: 'Blank', pattern: /[ \t\r\v\f]+/ });
/** Within a definition, a backslash that ends the line stays outside: the definition goes on behind the comment. */
export const Comment = createToken({
  name: 'Comment',
  pattern: {
    exec(text: string, offset: number, tokens: IToken[]): RegExpExecArray | null {
      if (text[offset] !== '#' && text[offset] !== '!') return null;
      const regex = inDefinition(tokens) ? COMMENT_IN_DEFINITION : COMMENT;
      regex.lastIndex = offset;
      return regex.exec(text);
    },
  },
  line_breaks: false,
  start_chars_hint: ['#', '!'],
});
export const Open = createToken({ name: 'Open', pattern: /\{/ });
export const Close = createToken({ name: 'Close', pattern: /\}/ });
export const Quoted = createToken({ name: 'Quoted', pattern: /"[^"\n]*"/ });
export const UnclosedQuote = createToken({ name: 'UnclosedQuote', pattern: /"[^"\n]*/ });
export const Condition = createToken({
  name: 'Condition',
  pattern: patternWhere(/@\^?[^ \t\r\v\f\n#!"{}]*/y, previousIsLineStart),
  line_breaks: false,
  start_chars_hint: ['@'],
});
export const Definition = createToken({
  name: 'Definition',
  pattern: patternWhere(/\$[A-Za-z_][A-Za-z0-9_]*=/y, previousIsCondition),
  line_breaks: false,
  start_chars_hint: ['$'],
});
/** A backslash that ends the line of a definition; elsewhere it is part of a word. */
export const Continuation = createToken({
  name: 'Continuation',
  pattern: {
    exec(text: string, offset: number, tokens: IToken[]): RegExpExecArray | null {
      CONTINUATION.lastIndex = offset;
      const match = CONTINUATION.exec(text);
      return match && inDefinition(tokens) ? match : null;
    },
  },
  line_breaks: true,
  start_chars_hint: ['\\'],
});
export const Include = createToken({
  name: 'Include',
  pattern: patternWhere(/include[rmwba]?(?=[ \t])/y, previousIsLineStart),
  line_breaks: false,
  start_chars_hint: ['i'],
});
/** Everything behind `include` up to a comment: braces in it are glob alternatives. */
export const IncludePath = createToken({
  name: 'IncludePath',
  pattern: patternWhere(/[^\n#!]*[^ \t\r\v\f\n#!]/y, (tokens) => lastSolid(tokens) === Include),
  line_breaks: false,
});
export const Word = createToken({ name: 'Word', pattern: sticky(WORD_IN_FILE), line_breaks: false });
const ExpandedWord = createToken({
  name: 'ExpandedWord',
  pattern: sticky(WORD_EXPANDED),
  line_breaks: false,
  categories: Word,
});
/** In keepalived's own reading the braces of an undefined `${NAME}` are braces. */
const OriginalWord = createToken({
  name: 'OriginalWord',
  pattern: sticky(/[^ \t\r\v\f\n"{}]+/y),
  line_breaks: false,
  categories: Word,
});

export const fileTokens: TokenType[] = [
  ByteOrderMark,
  Newline,
  Blank,
  IncludePath,
  Comment,
  Open,
  Close,
  Quoted,
  UnclosedQuote,
  Condition,
  Definition,
  Continuation,
  Include,
  Word,
];

const settings = { positionTracking: 'onlyOffset', ensureOptimizations: false, safeMode: false } as const;

export const fileLexer = new Lexer(fileTokens, settings);
const SkippedBlank = createToken({ name: 'SkippedBlank', pattern: /[ \t\r\v\f]+/, group: Lexer.SKIPPED });
const expandedTokens = [Newline, SkippedBlank, Open, Close, Quoted, UnclosedQuote];
export const expandedLexer = new Lexer([...expandedTokens, ExpandedWord], settings);
export const originalLexer = new Lexer([...expandedTokens, OriginalWord], settings);
