/**
 * Log formats and sample expressions as records: what `log-format`, `unique-id-format`, `balance hash` and their like
 * hold after the grammar has read them. Plain data; src/proxy/log and src/proxy/sample make functions of it.
 *
 * Text is Latin-1, one character a byte. Flags are settled here: what `%{+Q}o` says for everything behind it stands on
 * each item, and neighbouring blanks are one `space`.
 */

export interface SampleStep {
  readonly name: string;
  readonly args: readonly string[];
}

/** A fetch and a chain of converters (manual, chapter 7.3). */
export interface SampleExpression {
  /** As written, for messages and for printing. */
  readonly text: string;
  readonly fetch: SampleStep;
  readonly converters: readonly SampleStep[];
}

/**
 * `Q`: in quotes; `X`: hexadecimal, where an alias knows that; `E`: `"`, `\` and `]` get a backslash; `M`: a dash where
 * there is nothing (null: as the use of the format has it).
 */
export interface ItemFlags {
  readonly quoted: boolean;
  readonly hex: boolean;
  readonly escaped: boolean;
  readonly dash: boolean | null;
}

/** How values are written: as text, as JSON, or as CBOR (RFC 8949). */
export type LogEncoding = 'json' | 'cbor';

/** `%(label:cast)`, and an encoding of this item alone. */
export interface ItemLabel {
  readonly label?: string;
  readonly cast?: 'str' | 'sint' | 'bool';
  readonly encoding?: LogEncoding;
}

export type LogItem =
  | { readonly kind: 'text'; readonly text: string }
  /** Blanks: one space, and none at the start, behind another one, or behind an item that printed nothing. */
  | { readonly kind: 'space' }
  | ({ readonly kind: 'alias'; readonly name: string; readonly flags: ItemFlags } & ItemLabel)
  | ({ readonly kind: 'sample'; readonly sample: SampleExpression; readonly flags: ItemFlags } & ItemLabel);

export interface LogFormat {
  /** As written. */
  readonly text: string;
  readonly items: readonly LogItem[];
  /** Of the line as a whole: items with labels are its members, and nothing else counts. */
  readonly encoding?: LogEncoding;
  /** `+bin`: what is binary is written as it is, CBOR too. */
  readonly binary?: boolean;
}

export const NO_FLAGS: ItemFlags = { quoted: false, hex: false, escaped: false, dash: null };
