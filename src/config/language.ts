/**
 * Which of the two languages a file is written in: by its first telling line, else by its name. keepalived's top-level
 * words open blocks with braces; haproxy.cfg's sections stand alone at the beginning of a line.
 */
export type ConfigLanguage = 'haproxy' | 'keepalived';

const haproxySection =
  /^(?:global|defaults|listen|frontend|backend|peers|resolvers|userlist|mailers|cache|program|ring|http-errors|fcgi-app|log-forward|log-profile|crt-store|traces|acme|healthcheck|\.(?:if|notice|warning|alert|diag))(?:\s|$)/;

const keepalivedBlock =
  /^(?:global_defs|vrrp_\w+|virtual_server\w*|static_\w+|track_\w+|bfd_instance|garp_group|local_address_group|linkbeat_\w+|real_server|include\w*|net_namespace\w*|instance|\$\w+\s*=|~(?:SEQ|LST)\b)/;

export function languageOf(file: string, text: string): ConfigLanguage {
  const told = tellingLanguage(text);
  if (told) return told;
  if (/keepalived/i.test(file)) return 'keepalived';
  return /\.conf$/.test(file) && !/haproxy/i.test(file) ? 'keepalived' : 'haproxy';
}

/** By its first telling line; null when it has none, as the files of other programs. */
export function tellingLanguage(text: string): ConfigLanguage | null {
  for (const line of text.split('\n')) {
    const words = line.replace(/^\uFEFF|^\xef\xbb\xbf/, '').trim();
    if (haproxySection.test(words)) return 'haproxy';
    if (keepalivedBlock.test(words) || /^@\^?\S+\s+\S/.test(words)) return 'keepalived';
  }
  return null;
}
