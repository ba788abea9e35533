// Whether a server's certificate is one that browsers take, and what to do when it is not.
import type { CertificateFacts, CertificateProblem } from './certificate.ts'
import type { Examination } from './examination.ts'
import type { TurnUrl } from '../../lib/turn-url.ts'

/** Renewals should have been by then. */
const SOON_DAYS = 14

const PROBLEMS: Readonly<
  Record<CertificateProblem, (facts: CertificateFacts, host: string) => [string, string]>
> = {
  self_signed: () => [
    'it is self-signed',
    'Browsers refuse it (they say no more than "701"): take one of a public authority, such as Let\'s Encrypt.',
  ],
  untrusted: ({ issuer, code }) => [
    `its issuer "${issuer}" is not trusted here (${code})`,
    'Let the server send the whole chain (often fullchain.pem), not only its own certificate. An authority of your own is named here by NODE_EXTRA_CA_CERTS=FILE.',
  ],
  expired: ({ not_after }) => [`it has expired (${not_after})`, 'Renew it, and let the server load it anew.'],
  not_yet_valid: ({ not_before }) => [
    `it is not good before ${not_before}`,
    'Look at the clocks: of the server, of its authority, of this machine.',
  ],
  wrong_name: ({ names }, host) => [
    `it is for ${names.join(', ') || 'no name at all'}, not for ${host}`,
    'Use one of its names in the URL, or have the certificate issued for this one too.',
  ],
}

/** Reports a certificate; false: not to be gone on with. */
export function judgeCertificate(
  { wishes, report }: Examination,
  { host }: TurnUrl,
  facts: CertificateFacts,
): boolean {
  const of = `certificate of "${facts.subject}", issued by "${facts.issuer}", good until ${facts.not_after.slice(0, 10)}`
  const document = { ...facts }
  if (facts.problems.length === 0) {
    const text = `${of}, ${facts.version}`
    if (facts.days_left >= SOON_DAYS) report.ok('certificate', text, document)
    else
      report.warn('certificate', {
        found: `${text}: it expires in ${facts.days_left} days`,
        advice: 'Look whether its renewal works, and whether the server loads the new one.',
        facts: document,
      })
    return true
  }
  const words = facts.problems.map((problem) => PROBLEMS[problem](facts, host))
  const found = `${of}: ${words.map(([what]) => what).join('; ')}`
  const advice = words.map(([, what]) => what).join(' ')
  if (wishes.insecure) report.warn('certificate', { found, advice, facts: document })
  else
    report.fail('certificate', {
      found,
      advice: `${advice} --insecure goes on all the same.`,
      facts: document,
    })
  return wishes.insecure
}
