// What the ways through the step oidc have in common.
import type { Answer } from '../head/answer.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Access } from './access.ts'
import type { OidcProvider } from './oidc-provider.ts'
import type { Way } from './oidc-sign-in.ts'

/** A request at the step. */
export interface Here {
  readonly x: Exchange
  readonly provider: OidcProvider
  readonly way: Way
  readonly access: Access
  readonly nowS: number
}

/** Sends a browser elsewhere; caches are not to. */
export const elsewhere = (location: string, cookies: readonly string[]): Answer => ({
  status: 302,
  headers: [
    ['Location', location],
    ['Cache-Control', 'no-store'],
    ...cookies.map((cookie) => ['Set-Cookie', cookie] as const),
  ],
  body: '',
  fault: null,
})
