/** The cookie steps of a frontend: those that its backend's `cookie` and `appsession` and its own `capture cookie` ask for. */
import type { Frontend } from '../frontend.ts';
import type { HttpStep } from '../http/http-steps.ts';
import { AppsessionStep } from './appsession-step.ts';
import { CacheGuard } from './cache-guard.ts';
import { prepareCookieCapture } from './cookie-capture.ts';
import { CookiePolicy } from './cookie-policy.ts';
import { RequestCookies } from './request-cookies.ts';
import { ResponseCookies } from './response-cookies.ts';

export function prepareCookieSteps({ conf, backend }: Frontend): readonly HttpStep[] {
  const capture = prepareCookieCapture(conf.captures.cookie);
  const cookie = backend?.conf.persistence.cookie ?? null;
  const policy = cookie === null ? null : new CookiePolicy(cookie, backend!);
  const steps: HttpStep[] = backend?.conf.http.checkcache ? [new CacheGuard()] : [];
  if (capture !== null || policy !== null) {
    steps.push(new RequestCookies(policy, capture), new ResponseCookies(policy, capture));
  }
  const appsession = backend?.conf.persistence.appsession ?? null;
  const sessions = backend?.applicationSessions ?? null;
  // Behind the cookies: a client's own binding to a server counts first.
  if (appsession !== null && sessions !== null) steps.push(new AppsessionStep(appsession, backend!, sessions));
  return steps;
}
