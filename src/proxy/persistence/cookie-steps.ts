/** The cookie steps of a frontend: those that its backend's `cookie` line and its own `capture cookie` ask for. */
import type { Frontend } from '../frontend.ts';
import type { HttpStep } from '../http-steps.ts';
import { prepareCookieCapture } from './cookie-capture.ts';
import { CookiePolicy } from './cookie-policy.ts';
import { RequestCookies } from './request-cookies.ts';
import { ResponseCookies } from './response-cookies.ts';

export function prepareCookieSteps({ conf, backend }: Frontend): readonly HttpStep[] {
  const capture = prepareCookieCapture(conf.captures.cookie);
  const cookie = backend?.conf.persistence.cookie ?? null;
  const policy = cookie === null ? null : new CookiePolicy(cookie, backend!);
  if (capture === null && policy === null) return [];
  return [new RequestCookies(policy, capture), new ResponseCookies(policy, capture)];
}
