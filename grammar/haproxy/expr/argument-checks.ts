/** What arguments of fetches and converters must look like, by their type and, for some, by the word that takes them. */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { isAtLeast, type Language } from '../keyword.ts';
import type { Signature } from './sample-signature.ts';

const scopes = 'proc|sess|txn|req|res|check';

/** Null: a variable name. "psess" and the like came with 2.8. */
export function variableProblem(name: string, language: Language): string | null {
  const isNew = language.lenient || isAtLeast(language.release, '2.8');
  const pattern = new RegExp(`^${isNew ? 'p?' : ''}(?:${scopes})\\.[A-Za-z0-9_.-]+$`);
  if (pattern.test(name)) return null;
  return `invalid variable name '${name}'. A variable name must start with its scope: ${scopes.replaceAll('|', ', ')}.`;
}

const isInteger = (text: string): boolean => /^[+-]?\d+$/.test(text);

const types: Readonly<Record<string, (text: string) => boolean>> = {
  integer: isInteger,
  ipv4: isIPv4,
  ipv6: isIPv6,
  mask4: (text) => isIPv4(text) || (/^\d+$/.test(text) && Number(text) <= 32),
  mask6: (text) => isIPv6(text) || (/^\d+$/.test(text) && Number(text) <= 128),
  pbnumber: (text) => /^\d+(?:\.\d+)*$/.test(text),
  regex: (text) => regexProblem(text) === null,
};

const typeNames: Readonly<Record<string, string>> = {
  ipv4: 'IPv4 address',
  ipv6: 'IPv6 address',
  mask4: 'IPv4 mask',
  mask6: 'IPv6 mask',
  pbnumber: 'Protocol buffers field number',
};

type Check = (args: readonly string[], language: Language) => string | null;

/** Words whose arguments mean more than their type says. */
const checks: Readonly<Record<string, Check>> = {
  ...sharing('add and div mod mul or sub xor', ([value = '0'], language) =>
    isInteger(value) || variableProblem(value, language) === null ? null : 'expects an integer or a variable name.',
  ),
  bool: ([value = '']) => (/^(?:true|false|0|1)$/i.test(value) ? null : "expects 'true', 'false', '0' or '1'."),
  bin: ([value = '']) => hexProblem(value),
  ...sharing('var set-var unset-var', ([name = ''], language) => variableProblem(name, language)),
  ...sharing('strcmp secure_memcmp', ([name = ''], language) => variableProblem(name, language)),
  concat: ([, name = ''], language) => (name === '' ? null : variableProblem(name, language)),
  ...sharing('date http_date', ([, unit = '']) => unitProblem(unit, ['s', 'ms', 'us'])),
  ...sharing('accept_date request_date', ([unit = '']) => unitProblem(unit, ['s', 'ms', 'us'])),
  ...sharing('fc_rtt fc_rttvar bc_rtt bc_rttvar', ([unit = '']) => unitProblem(unit, ['us', 'ms'])),
  ...sharing(
    'hdr req.hdr res.hdr shdr req.fhdr res.fhdr hdr_val req.hdr_val res.hdr_val hdr_ip req.hdr_ip',
    ([, at]) => (at === undefined || Number(at) >= -10 ? null : 'header occurrence must be >= -10.'),
  ),
  bytes: (args, language) =>
    language.lenient || isAtLeast(language.release, '2.9') || args.every(isInteger)
      ? null
      : "failed to parse an argument as type 'integer'.",
  regsub: ([, , flags = '']) => (/^[gi]*$/.test(flags) ? null : "invalid regex flag, only 'i' and 'g' are supported."),
  json: ([code = '']) =>
    /^(?:ascii|utf8|utf8s|utf8p|utf8ps|)$/.test(code) ? null : `unexpected input code type '${code}'.`,
  sha2: ([bits = '256']) => (/^(?:224|256|384|512)$/.test(bits) ? null : `unsupported number of bits: '${bits}'.`),
  ...sharing('aes_gcm_dec aes_gcm_enc aes_cbc_dec aes_cbc_enc', ([bits = '']) =>
    /^(?:128|192|256)$/.test(bits) ? null : 'key size must be 128, 192 or 256 (bits).',
  ),
  uuid: ([version = '4'], language) =>
    version === '4' || (version === '7' && isAtLeast(language.release, '3.0'))
      ? null
      : `unsupported UUID version: '${version}'.`,
  ...sharing('distcc_body distcc_param', ([token = '']) =>
    token.length === 4 ? null : 'token name must be exactly 4 characters.',
  ),
  ...sharing('req.payload_lv res.payload_lv payload_lv', ([, , offset = '0']) =>
    isInteger(offset) ? null : 'payload offset2 is not a number.',
  ),
};

function sharing(names: string, check: Check): Record<string, Check> {
  return Object.fromEntries(names.split(' ').map((name) => [name, check]));
}

function unitProblem(unit: string, known: readonly string[]): string | null {
  return unit === '' || known.includes(unit) ? null : `expects ${known.join(', ')}, got '${unit}'.`;
}

/** Null: every argument is of its type. Empty arguments stand for ones that were left out. */
export function argumentProblem(
  signature: Signature,
  args: readonly string[],
  language: Language,
  what: 'fetch method' | 'converter',
): string | null {
  for (const [index, text] of args.entries()) {
    const type = signature.args[index]!;
    if (text === '' && index >= signature.needed) continue;
    const isGood = Object.hasOwn(types, type) ? types[type]! : null;
    if (isGood && !isGood(text))
      return `failed to parse '${text}' as type '${typeNames[type] ?? type}' at position ${index + 1}.`;
  }
  if (signature.name === 'bool' && what === 'converter') return null;
  if (what === 'converter' && /^map(?:_|$)/.test(signature.name) && !args[0]) return 'expects the name of a file.';
  const check = Object.hasOwn(checks, signature.name) ? checks[signature.name] : undefined;
  return check ? check(args, language) : null;
}

export function hexProblem(text: string): string | null {
  const odd = /[^0-9a-fA-F]/.exec(text)?.[0];
  if (odd) return `an hex digit is expected (found '${odd}').`;
  return text.length % 2 === 0 ? null : 'an even number of hex digit is expected.';
}

/** Syntax of PCRE that JavaScript does not have; what holds it is taken for right. */
const pcreOnly = /\(\?(?![:=!]|<[=!a-zA-Z])|[*+?}]\+|\(\*|\\[AzZGQEKRgkp]|\[\[:|\{,/;

/** Null: a regular expression, as far as can be told without PCRE. */
export function regexProblem(text: string): string | null {
  if (pcreOnly.test(text)) return null;
  try {
    new RegExp(text);
    return null;
  } catch (error) {
    return `regex '${text}' is invalid (${(error as Error).message.replace(/^.*: /, '')}).`;
  }
}

/** An address with an optional mask, or a host name, as ACLs match them. */
export function networkProblem(text: string): string | null {
  const [address = '', mask, surplus] = text.split('/');
  const family = isIP(address);
  const isMask = surplus === undefined && (mask === undefined || types[family === 6 ? 'mask6' : 'mask4']!(mask));
  const isName = family === 0 && mask === undefined && /^(?=.*[A-Za-z])[A-Za-z0-9_.-]+$/.test(address);
  if ((family !== 0 && isMask) || isName) return null;
  return `'${text}' is not a valid IPv4 or IPv6 address.`;
}
