// Certificates that will not do much longer, or do not now: judged by how much of their lifetime is left, so
// that one of seven days is not told of on its first.
import { readLearned } from '../../lib/demanded-name.ts'
import type { RefusedFacts } from '../../telemetry/certificate-documents.ts'
import type { AcmeFacts } from '../acme/followed.ts'
import type { OverviewProblem, ProblemAction } from './document.ts'
import type { CertificateLife, Seen } from './seen.ts'
import { ageOf, asSentence, counted, longAge, percentOf, timeOf } from './words.ts'

const DAY_MS = 86_400_000
/** Of its lifetime; but nobody has to think of one that is good for a year before the last month. */
const PART_LEFT = 1 / 3
const LEFT_MS_MAX = 30 * DAY_MS

export function* certificateProblems(seen: Seen): Generator<OverviewProblem> {
  const lives = new Map(seen.certificates.map((one) => [one.certificate, one]))
  const failed = new Set<string>()
  for (const facts of seen.acme) {
    if (facts.last_failure === null || facts.state === 'good') continue
    failed.add(facts.certificate)
    yield failedProblem(seen, facts, facts.last_failure, lives.get(facts.certificate))
  }
  for (const life of seen.certificates) if (!failed.has(life.certificate)) yield* lifeProblem(seen, life)
  for (const refused of seen.health.refused_files ?? []) yield refusedProblem(seen, refused)
}

function refusedProblem(seen: Seen, { owner, name, why, since }: RefusedFacts): OverviewProblem {
  const told = { id: `files:${owner}:${name}`, state: 'rejected', severity: 'warn', since } as const
  if (owner === 'jwt')
    return {
      ...told,
      title: `The keys of auth.jwt.${name} cannot be had`,
      cause: asSentence(why),
      remedy:
        'Those of before go on, if there were any; without any its tokens get 503. See that the issuer can be reached from here.',
      about: { kind: 'config', name: seen.file },
      actions: [openAction('Open config')],
    }
  if (owner === 'geo')
    return {
      ...told,
      title: `The changed database geo.${name} is refused`,
      cause: asSentence(why),
      remedy: 'What it held before goes on. Put a whole .mmdb file there.',
      about: { kind: 'config', name: seen.file },
      actions: [openAction('Open config')],
    }
  return {
    ...told,
    title: `Changed files of ${owner} ${name} are refused`,
    cause: asSentence(why),
    remedy: 'What they held before goes on. Put files there that belong together.',
    about: { kind: owner, name },
    actions: [openAction(owner === 'certificate' ? 'Open certificate' : `Open ${owner}`)],
  }
}

type Failure = NonNullable<AcmeFacts['last_failure']>

function failedProblem(
  { nowMs }: Seen,
  facts: AcmeFacts,
  { time, in_a_row: times, why, hint }: Failure,
  life: CertificateLife | undefined,
): OverviewProblem {
  const name = shownName(facts)
  const isServed = life !== undefined && !life.isStandIn && life.endsMs > nowMs
  const next =
    facts.next_try === null ? '' : `; it is tried again in ${ageOf(Date.parse(facts.next_try) - nowMs)}`
  const state =
    life === undefined || life.isStandIn
      ? 'Clients get a stand-in, which they do not trust.'
      : `${leftWords(life, nowMs)}.`
  return {
    id: `certificate:${facts.certificate}`,
    state: isServed ? 'expiring' : 'failed',
    severity: isServed ? 'warn' : 'down',
    since: isServed ? sinceOf(life, nowMs) : lackingSince(life, time, nowMs),
    title: `${name} could not be ${isServed ? 'renewed' : 'obtained'}`,
    cause: `${asSentence(why)} ${state}`,
    remedy: `${hint === null ? '' : `${asSentence(hint)} `}It failed ${times === 1 ? 'once' : `${times} times in a row`}${next}.`,
    about: aboutOf(facts.certificate),
    actions: [retryAction(facts.certificate), openAction('See steps')],
  }
}

/** Since when clients have none that is good; of one that never was, when it was tried last. */
const lackingSince = (life: CertificateLife | undefined, triedAt: string, nowMs: number): string =>
  life === undefined || life.isStandIn || life.endsMs > nowMs ? triedAt : timeOf(life.endsMs)

function* lifeProblem({ nowMs }: Seen, life: CertificateLife): Generator<OverviewProblem> {
  const { certificate, endsMs, beginsMs, isStandIn, renewsItself } = life
  const name = shownName(life)
  const about = aboutOf(certificate)
  if (isStandIn)
    return yield {
      id: `certificate:${certificate}`,
      ...{ state: 'stand_in', severity: 'warn', since: timeOf(beginsMs), about },
      title: `${name} has no certificate yet`,
      cause: 'It is being obtained; until then clients get a stand-in, which they do not trust.',
      remedy: null,
      actions: [openAction('See steps')],
    }
  if (endsMs <= nowMs)
    return yield {
      id: `certificate:${certificate}`,
      ...{ state: 'expired', severity: 'down', since: timeOf(endsMs), about },
      title: `${name} has expired`,
      cause: `It ended ${ageOf(nowMs - endsMs)} ago, and is served all the same: clients refuse it.`,
      remedy: RENEW,
      actions: [openAction('Open certificate')],
    }
  if (beginsMs > nowMs)
    return yield {
      id: `certificate:${certificate}`,
      ...{ state: 'not_yet_valid', severity: 'down', since: null, about },
      title: `${name} is not valid yet`,
      cause: `It begins in ${ageOf(beginsMs - nowMs)}: clients refuse it until then.`,
      remedy: 'See whether the clock of this machine is right, or serve another one until then.',
      actions: [openAction('Open certificate')],
    }
  if (renewsItself || endsMs - nowMs > thresholdMs(life)) return
  yield {
    id: `certificate:${certificate}`,
    ...{ state: 'expiring', severity: 'warn', since: timeOf(endsMs - thresholdMs(life)), about },
    title: `${name} ends in ${longAge(endsMs - nowMs)}`,
    cause: `${leftWords(life, nowMs)}, and nothing renews it by itself.`,
    remedy: RENEW,
    actions: [openAction('Open certificate')],
  }
}

const RENEW = 'Put a new one where it is read from, upload one, or let it be obtained by ACME.'

/** "81 % of its lifetime is used, 17 days are left". */
function leftWords({ beginsMs, endsMs }: CertificateLife, nowMs: number): string {
  const left = longAge(endsMs - nowMs)
  const used = percentOf(nowMs - beginsMs, endsMs - beginsMs)
  return endsMs <= nowMs
    ? `It ended ${ageOf(nowMs - endsMs)} ago: clients refuse it`
    : `${used} of its lifetime is used, ${left} ${left.startsWith('1 ') ? 'is' : 'are'} left`
}

const thresholdMs = ({ beginsMs, endsMs }: CertificateLife): number =>
  Math.min((endsMs - beginsMs) * PART_LEFT, LEFT_MS_MAX)

/** Whether it ends soon, has ended, or is none. */
export const isExpiring = (life: CertificateLife, nowMs: number): boolean =>
  life.isStandIn || life.endsMs <= nowMs || (!life.renewsItself && life.endsMs - nowMs <= thresholdMs(life))

function sinceOf(life: CertificateLife, nowMs: number): string | null {
  const ms = life.endsMs - thresholdMs(life)
  return ms <= nowMs ? timeOf(ms) : null
}

/** By whom it is for: that is what people know it by. */
function shownName({
  certificate,
  names,
}: {
  readonly certificate: string
  readonly names: readonly string[]
}): string {
  const [first, ...more] = names
  const base = readLearned(certificate)?.name ?? first
  if (base === undefined) return `Certificate ${certificate}`
  return more.length === 0 ? base : `${base} (and ${counted(more.length, 'more name')})`
}

const aboutOf = (certificate: string) => ({
  kind: 'certificate' as const,
  name: readLearned(certificate)?.certificate ?? certificate,
})

const retryAction = (certificate: string): ProblemAction => ({
  ...{ kind: 'retry', label: 'Try now', role: 'operator', certificate },
})

const openAction = (label: string): ProblemAction => ({ kind: 'open', label, role: 'viewer' })
