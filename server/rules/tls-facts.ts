// What is asked of the TLS of a client. It is said of connections whose TLS ends here; of others nothing
// holds but that there is no certificate.
import type { AlternativeName } from '../lib/certificate-facts.ts'
import { nameText } from '../lib/distinguished-name.ts'
import type { TlsFacts } from '../tls/accept-tls.ts'
import { fingerprintOf, type ShownCertificate } from '../tls/shown-certificate.ts'
import type { TlsFactsConfig } from './tls-facts.options.ts'
import { valuePattern } from './value-pattern.ts'
import type { ValueWords } from './value.options.ts'
import { allOf, NO, type Verdict, verdictOf, YES } from './verdict.ts'

type Judge = (tls: TlsFacts | null) => Verdict
type Texts = (shown: ShownCertificate) => readonly string[]

/** Compiles what is asked. */
export function tlsFactsTest({ version, cipher, client_certificate: certificate }: TlsFactsConfig): Judge {
  const judges: Judge[] = []
  if (version.length > 0)
    judges.push((tls) => verdictOf(tls !== null && version.some((one) => one === tls.version)))
  if (cipher !== undefined) {
    const { judge } = valuePattern(cipher)
    judges.push((tls) => judge(tls === null ? [] : [tls.cipher]))
  }
  if (certificate === 'absent') judges.push((tls) => verdictOf((tls?.client?.certificate ?? null) === null))
  else if (certificate !== undefined) judges.push((tls) => verdictOf(tls?.client?.isGood === true))
  if (typeof certificate === 'object') {
    const { subject, issuer, san, fingerprint } = certificate
    judges.push(...of(subject, ({ facts }) => (facts === null ? [] : [nameText(facts.subject)])))
    judges.push(...of(issuer, ({ facts }) => (facts === null ? [] : [nameText(facts.issuer)])))
    judges.push(...of(san, ({ facts }) => facts?.alternatives.map(alternativeText) ?? []))
    judges.push(
      ...of(fingerprint, (shown) => (shown.certificate === null ? [] : [fingerprintOf(shown.certificate)])),
    )
  }
  return (tls) => allOf(judges, tls)
}

const alternativeText = ({ kind, value }: AlternativeName): string => `${kind}:${value}`

/** One of the texts will do. They are read once for a connection. */
function of(words: string | ValueWords | undefined, read: Texts): Judge[] {
  if (words === undefined) return []
  const { judge } = valuePattern(words)
  const known = new WeakMap<ShownCertificate, Verdict>()
  return [
    (tls) => {
      const shown = tls?.client ?? null
      if (shown === null) return NO
      let verdict = known.get(shown)
      if (verdict === undefined) known.set(shown, (verdict = best(read(shown), judge)))
      return verdict
    },
  ]
}

function best(texts: readonly string[], judge: (values: readonly string[]) => Verdict): Verdict {
  if (texts.length === 0) return judge([])
  return texts.reduce<Verdict>(
    (most, text) => (most === YES ? most : (Math.max(most, judge([text])) as Verdict)),
    NO,
  )
}
