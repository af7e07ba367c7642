/**
 * The tree of a keepalived configuration after expansion: blocks of statements of words.
 *
 * A statement is a line: a keyword, its arguments and, behind them or on the next line, perhaps a block. Offsets count
 * in the expanded text; `TracedText.locate` turns them into a place in a file. The typed records that the keyword rows
 * fill (`nodes.ts`) hang on nothing here.
 */
export interface Site {
  readonly start: number;
  readonly end: number;
}

export interface Word extends Site {
  /** Without the double quotes; one character a byte. */
  readonly text: string;
  readonly quoted: boolean;
}

export interface Statement extends Site {
  /** At least one; `words[0]` is the keyword. `end` is behind the last word, not behind the block. */
  readonly words: readonly Word[];
  readonly block: Block | null;
}

export interface Block extends Site {
  readonly statements: readonly Statement[];
}
