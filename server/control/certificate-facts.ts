// What is shown of the certificates that are served.
import { readLearned } from '../lib/demanded-name.ts'
import type { CertificateFacts, RefusedFacts } from '../telemetry/certificate-documents.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { Served } from './change/apply.ts'
import { crlEnds } from './certificates/crl-ends.ts'
import { daysLeft } from './certificates/ends.ts'
import type { RefusedFiles } from './source/refused-files.ts'
import { filesOf, type WantedCertificate, wantedCertificates } from './source/wanted-certificates.ts'

/** There may be thousands: those that end first are shown. */
const SHOWN_MAX = 100

/** Those that end first; null: there are none. */
export function certificateFacts(
  running: Served | null,
  nowMs: number,
  isStandIn: (name: string) => boolean,
): readonly CertificateFacts[] | null {
  const certificates = Object.entries(running?.plan.certificates ?? {})
  if (running === null || certificates.length === 0) return null
  const wanted = wantedCertificates(running.plan.config)
  return certificates
    .toSorted(([, a], [, b]) => a.endsMs - b.endsMs)
    .slice(0, SHOWN_MAX)
    .map(([certificate, text]) => ({
      certificate,
      names: text.names,
      until: new Date(text.endsMs).toISOString(),
      days_left: daysLeft(text, nowMs),
      source: sourceOf(certificate, wanted.get(certificate)),
      ...(isStandIn(certificate) && { stand_in: true as const }),
    }))
}

/** The same as metrics; certificates that config no longer has are gone from them. */
export function gatherCertificates(
  totals: Totals,
  running: Served | null,
  isStandIn: (name: string) => boolean,
): void {
  totals.clear('certificate_expiry_timestamp_seconds')
  totals.clear('crl_expiry_timestamp_seconds')
  if (running === null) return
  for (const { listener, file, issuer, endsMs } of crlEnds(running.plan.config, running.plan.files ?? {}))
    if (Number.isFinite(endsMs))
      totals.gauge('crl_expiry_timestamp_seconds', [listener, file, issuer]).set(Math.floor(endsMs / 1000))
  const wanted = wantedCertificates(running.plan.config)
  for (const [name, { endsMs }] of labelled(running.plan.certificates)) {
    // Nobody trusts one, however long it lasts.
    const labels = [name, isStandIn(name) ? 'stand_in' : sourceOf(name, wanted.get(name))]
    totals.gauge('certificate_expiry_timestamp_seconds', labels).set(Math.floor(endsMs / 1000))
  }
}

/** All of the config; names that clients asked for may be thousands: of those the ones that end first. */
function labelled(certificates: Served['plan']['certificates']) {
  const all = Object.entries(certificates)
  const learned = all.filter(([name]) => readLearned(name) !== null)
  if (learned.length === 0) return all
  const shown = learned.toSorted(([, a], [, b]) => a.endsMs - b.endsMs).slice(0, SHOWN_MAX)
  return [...all.filter(([name]) => readLearned(name) === null), ...shown]
}

/** Files that were changed and are refused. */
export const refusedFacts = (refused: RefusedFiles | undefined): readonly RefusedFacts[] =>
  (refused?.all ?? []).map(({ owner, name, why, sinceMs }) => ({
    owner,
    name,
    why,
    since: new Date(sinceMs).toISOString(),
  }))

/** The same as metrics. */
export function gatherRefused(totals: Totals, refused: RefusedFiles | undefined): void {
  totals.clear('files_refused')
  for (const { owner, name } of refused?.all ?? []) totals.gauge('files_refused', [owner, name]).set(1)
}

/** Where it comes from: the key of the config that says so. */
function sourceOf(name: string, wanted: WantedCertificate | undefined): string {
  if (wanted === undefined && readLearned(name) !== null) return 'acme'
  if (wanted === undefined || filesOf(wanted).length > 0) return 'files'
  const [source = 'files'] =
    Object.entries(wanted.words).find(([, words]) => words !== undefined && words !== false) ?? []
  return source
}
