/** Where in a stream's life a line's expressions are evaluated: offsets into `availability` of `signatures.ts`. */
import type { ProxySectionKind } from '../nodes.ts';
import type { Sample } from './sample.ts';

interface Places {
  readonly front: number;
  readonly back: number;
}

const keywordPlaces: Readonly<Record<string, Places>> = {
  'tcp-request connection': { front: 0, back: 0 },
  'tcp-request session': { front: 1, back: 1 },
  'tcp-request content': { front: 2, back: 6 },
  'tcp-response content': { front: 15, back: 11 },
  'http-request': { front: 3, back: 7 },
  'http-response': { front: 16, back: 12 },
  'http-after-response': { front: 16, back: 12 },
  'option forwarded': { front: 7, back: 7 },
  redirect: { front: 3, back: 7 },
  use_backend: { front: 5, back: 5 },
  'use-server': { front: 9, back: 9 },
  'log-format': { front: 18, back: 18 },
  'log-format-sd': { front: 18, back: 18 },
  'error-log-format': { front: 18, back: 18 },
  'unique-id-format': { front: 3, back: 7 },
  'stick on': { front: 9, back: 9 },
  'stick match': { front: 9, back: 9 },
  'stick store-request': { front: 9, back: 9 },
  'stick store-response': { front: 14, back: 14 },
  'server sni': { front: 9, back: 9 },
};

/** Is what the expression fetches there when this line is evaluated? A `listen` section has both sides. */
export function isAvailable(sample: Sample, keyword: string, kind: ProxySectionKind): boolean {
  const places = keywordPlaces[keyword];
  if (!places || sample.places === null) return true;
  const { [places.front]: front, [places.back]: back } = sample.places;
  if (kind === 'frontend') return front === 'Y';
  return kind === 'backend' ? back === 'Y' : front === 'Y' || back === 'Y';
}
