// Rules of a listener may ask what tokens say: those that came with a request are read before one is chosen,
// which waits only where a signature has not been checked before. One that is not good counts as none.
import type { RequestHead } from '../head/request-head.ts'
import type { Claims, Tokens } from '../rules/claims.ts'
import { isRefusal, type JwtProvider, type TokenRefusal } from '../tokens/jwt-provider.ts'
import { secretIn } from '../tokens/secret-places.ts'
import type { VerifiedToken } from '../tokens/verified-tokens.ts'

/** What of an exchange is needed for it. */
interface Asking {
  readonly listener: { readonly issuers: readonly JwtProvider[] }
  readonly request: RequestHead
  readonly requestForm: string
  readonly stream: { takeContent(): void; resume(): void }
  tokens: Tokens | null
  match(): void
}

type Read = VerifiedToken | TokenRefusal

/** Waits for a promise in place of a step; steps.ts has it. */
type Wait<X> = (x: X, place: number, waited: Promise<Read>, goOn: (read: Read) => void) => void

/** Reads them, then has the exchange go on at its match. */
export function readTokens<X extends Asking>(x: X, wait: Wait<X>): void {
  readFrom(x, wait, 0, new Map())
}

function readFrom<X extends Asking>(x: X, wait: Wait<X>, from: number, said: Map<string, Claims>): void {
  const { issuers } = x.listener
  for (let i = from; i < issuers.length; i++) {
    const issuer = issuers[i] as JwtProvider
    const found = secretIn(x.request, issuer.places)
    if (found === null || found === 'odd') continue
    const read = issuer.read(found.text)
    if (read instanceof Promise) {
      // What comes of the body meanwhile may be for servers that take no chunks of HTTP/1.1.
      if (x.requestForm === 'as_it_came') x.stream.takeContent()
      return wait(x, 0, read, (done) => {
        x.stream.resume()
        take(issuer, done, said)
        readFrom(x, wait, i + 1, said)
      })
    }
    take(issuer, read, said)
  }
  x.tokens = said
  x.match()
}

function take({ name }: JwtProvider, read: Read, said: Map<string, Claims>): void {
  if (!isRefusal(read)) said.set(name, read.claims)
}
