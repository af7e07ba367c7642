/** Collects the lines of a formatted file: one empty line at most between two lines, none at its ends. */
export interface LayoutOptions {
  /** Lines keep their numbers: no empty line is added or taken away. */
  readonly keepLineCount: boolean;
}

export class Layout {
  private readonly lines: string[] = [];
  private readonly lineEnd: string;
  private readonly keepLineCount: boolean;
  private readonly openEnd: boolean;

  constructor(text: string, { keepLineCount }: LayoutOptions) {
    this.lineEnd = /\r\n/.test(text) ? '\r\n' : '\n';
    this.keepLineCount = keepLineCount;
    this.openEnd = !text.endsWith('\n');
  }

  add(line: string): void {
    const isSpare = line === '' && (this.lines.length === 0 || this.lines.at(-1) === '');
    if (!isSpare || this.keepLineCount) this.lines.push(line);
  }

  /** A line with an empty one before it; comments right above it belong to it. */
  addApart(line: string): void {
    let at = this.lines.length;
    while (at > 0 && this.lines[at - 1]!.startsWith('#')) at--;
    if (at > 0 && this.lines[at - 1] !== '' && !this.keepLineCount) this.lines.splice(at, 0, '');
    this.lines.push(line);
  }

  finish(): string {
    if (!this.keepLineCount) while (this.lines.at(-1) === '') this.lines.pop();
    const text = this.lines.join(this.lineEnd);
    // A backslash at the end of the file would take a line end for the next line's.
    return this.lines.length === 0 || (this.openEnd && /\\[ \t]*$/.test(text)) ? text : text + this.lineEnd;
  }
}
