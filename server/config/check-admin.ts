// The admin listener: what its schema cannot say.
import { isWithinMachine } from '../lib/within-machine.ts'
import { checkCertificate } from './check-certificate.ts'
import type { Checked } from './checked.ts'
import { isStandIn } from './stand-in.ts'

/** Checks what it speaks, and whom it believes. */
export function checkAdmin(checked: Checked): void {
  const { admin } = checked.config
  if (admin === false) return
  const { bind, tls, plain_http, jwt } = admin
  if (tls !== undefined && plain_http)
    checked.report({
      code: 'conflict',
      path: ['admin', 'plain_http'],
      found: 'plain_http beside "tls"',
      allowed: 'either of them',
    })
  if (typeof tls === 'object')
    checkCertificate(checked, { cert: ['admin', 'tls', 'cert'], key: ['admin', 'tls', 'key'] }, tls)
  if (tls === undefined && !plain_http && !isStandIn(bind) && !isWithinMachine(bind)) warnOfOwn(checked, bind)
  if (jwt !== undefined) checkJwt(checked, jwt)
}

/** Whoever has scraped it by HTTP must know before it is served. */
function warnOfOwn(checked: Checked, bind: string): void {
  checked.warn({
    code: 'wrong-value',
    path: ['admin', 'bind'],
    found: `${checked.said(['admin', 'bind'], bind)}, which others than this machine reach: it speaks TLS, with a certificate of our own making`,
    allowed: 'it with "tls", which says so',
    hint: `name a certificate or write ${checked.spelled({ admin: { tls: 'self_signed' } })}, and have monitoring ask by https; or write ${checked.spelled({ admin: { plain_http: true } })}: then /metrics, /_health and /_metrics are served without TLS, and nothing else`,
  })
}

function checkJwt(
  checked: Checked,
  { jwks_url, jwks_file }: { readonly jwks_url?: string; readonly jwks_file?: string },
): void {
  const path = ['admin', 'jwt']
  if (jwks_url === undefined && jwks_file === undefined)
    checked.report({
      code: 'missing-key',
      path,
      found: 'neither "jwks_url" nor "jwks_file"',
      allowed: 'one of them: where the keys of the issuer are',
    })
  if (jwks_url !== undefined && jwks_file !== undefined)
    checked.report({
      code: 'conflict',
      path: [...path, 'jwks_file'],
      found: 'jwks_file beside "jwks_url"',
      allowed: 'one of them',
    })
}
