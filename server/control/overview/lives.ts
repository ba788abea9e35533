// How long certificates are good: their beginnings are read once for each.
import { X509Certificate } from 'node:crypto'
import type { CertificateFacts } from '../../telemetry/certificate-documents.ts'
import type { CertificateText } from '../../tls/certificate.ts'
import type { CertificateLife } from './seen.ts'

/** A text is another one once it is renewed. */
const begins = new WeakMap<CertificateText, number>()

/** Where one comes from that is made anew by itself before it ends. */
const RENEWED: readonly string[] = ['acme', 'self_signed']

/** Of those that are shown: the ones that end first. */
export function livesOf(
  shown: readonly CertificateFacts[],
  texts: Readonly<Record<string, CertificateText>>,
): readonly CertificateLife[] {
  return shown.flatMap(({ certificate, names, source, stand_in }) => {
    const text = texts[certificate]
    if (text === undefined) return []
    return {
      ...{ certificate, names, beginsMs: beginOf(text), endsMs: text.endsMs },
      renewsItself: RENEWED.includes(source),
      isStandIn: stand_in === true,
    }
  })
}

/** Of pairs for several kinds of keys, the one that ends first counts. */
function beginOf(text: CertificateText): number {
  const known = begins.get(text)
  if (known !== undefined) return known
  const ms = text.pairs.map(({ cert }) => {
    const { validFrom, validTo } = new X509Certificate(cert)
    return { from: Date.parse(validFrom), to: Date.parse(validTo) }
  })
  const first = ms.toSorted((a, b) => a.to - b.to)[0]?.from ?? 0
  begins.set(text, first)
  return first
}
