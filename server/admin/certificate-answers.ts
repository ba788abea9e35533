// What the control socket answers of certificates that come by ACME: how each is, what was done for it, and
// to have it tried now.
import type { ControlFacts } from '../control/facts.ts'
import { jsonAnswer, notAllowed, problemAnswer } from './problem.ts'

const CERTIFICATES = '/api/v1/certificates'

/** Null: that is nothing of certificates. */
export function certificateAnswer(request: Request, { acme }: Pick<ControlFacts, 'acme'>): Response | null {
  // Of a name that came on demand the certificate is called CERTIFICATE@NAME.
  const pathname = new URL(request.url).pathname.replace('%40', '@')
  const { method } = request
  if (pathname === CERTIFICATES) return method === 'GET' ? jsonAnswer(acme.facts()) : notAllowed('GET')
  const [, name = '', act] =
    /^\/api\/v1\/certificates\/([A-Za-z0-9_.@-]{1,250})(\/retry)?$/.exec(pathname) ?? []
  if (name === '') return null
  const none = (): Response => problemAnswer(404, `There is no certificate ${name} that comes by ACME.`)
  if (act !== undefined) {
    if (method !== 'POST') return notAllowed('POST')
    const facts = acme.facts().find(({ certificate }) => certificate === name)
    if (facts?.state === 'good') return problemAnswer(409, `${name} is good until ${facts.until}.`)
    return acme.retry(name) ? jsonAnswer({}, 202) : none()
  }
  if (method !== 'GET') return notAllowed('GET')
  const facts = acme.facts().find(({ certificate }) => certificate === name)
  return facts === undefined ? none() : jsonAnswer({ ...facts, steps: acme.steps(name) ?? [] })
}
