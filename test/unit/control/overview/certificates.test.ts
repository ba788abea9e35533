import { expect, test } from 'bun:test'
import type { AcmeFacts } from '../../../../server/control/acme/followed.ts'
import type { OverviewProblem } from '../../../../server/control/overview/document.ts'
import { certificateProblems, isExpiring } from '../../../../server/control/overview/of-certificates.ts'
import type { CertificateLife, Seen } from '../../../../server/control/overview/seen.ts'
import { healthOf } from '../../../../server/telemetry/documents.ts'
import { NOW_MS, seenWith } from '../../../support/seen-with.ts'

const DAY_MS = 86_400_000
const life = (daysOld: number, daysLeft: number, more: Partial<CertificateLife> = {}): CertificateLife => ({
  ...{ certificate: 'shop', names: ['shop.example.com'], isStandIn: false, renewsItself: false },
  ...{ beginsMs: NOW_MS - daysOld * DAY_MS, endsMs: NOW_MS + daysLeft * DAY_MS },
  ...more,
})
const acme = (more: Partial<AcmeFacts> = {}): AcmeFacts => ({
  ...{
    certificate: 'shop',
    names: ['shop.example.com'],
    challenge: 'http-01',
    state: 'waiting',
    issuer: 'CA',
  },
  ...{ until: null, renew_at: null, renew_why: null, next_try: new Date(NOW_MS + 1_800_000).toISOString() },
  last_failure: {
    time: '',
    in_a_row: 3,
    why: 'the challenge was answered with 404',
    hint: 'lead port 80 here',
  },
  ...more,
})
const problems = (seen: Partial<Seen>): OverviewProblem[] => [...certificateProblems(seenWith(seen))]
const ofLife = (one: CertificateLife): OverviewProblem | undefined => problems({ certificates: [one] })[0]

test('one that nobody renews is told in its last third, or its last month', () => {
  expect(ofLife(life(59, 31))).toBeUndefined()
  expect(ofLife(life(73, 17))).toMatchObject({
    ...{
      id: 'certificate:shop',
      state: 'expiring',
      severity: 'warn',
      title: 'shop.example.com ends in 17 days',
    },
    cause: '81 % of its lifetime is used, 17 days are left, and nothing renews it by itself.',
    since: new Date(NOW_MS - 13 * DAY_MS).toISOString(),
    about: { kind: 'certificate', name: 'shop' },
  })
  expect(ofLife(life(265, 100))).toBeUndefined()
  expect(ofLife(life(340, 25))).toMatchObject({ state: 'expiring' })
})

test('one of seven days is judged by its lifetime: nothing is said while two thirds of it are not used', () => {
  expect(ofLife(life(4, 3))).toBeUndefined()
  expect(ofLife(life(5, 2))).toMatchObject({ title: 'shop.example.com ends in 2 days' })
  expect(ofLife(life(6, 1))?.cause).toContain('24 hours are left')
  expect([isExpiring(life(4, 3), NOW_MS), isExpiring(life(5, 2), NOW_MS)]).toEqual([false, true])
})

test('one that is renewed by itself is not told of while nothing fails; one that has ended always is', () => {
  expect(ofLife(life(80, 10, { renewsItself: true }))).toBeUndefined()
  expect(ofLife(life(90, -2, { renewsItself: true }))).toMatchObject({
    ...{ state: 'expired', severity: 'down', title: 'shop.example.com has expired' },
    cause: 'It ended 2 d ago, and is served all the same: clients refuse it.',
  })
  expect(ofLife(life(-1, 90))).toMatchObject({
    state: 'not_yet_valid',
    cause: 'It begins in 24 h: clients refuse it until then.',
  })
})

test('names are told as people know them', () => {
  const title = (names: string[]) => ofLife(life(90, -2, { names }))?.title
  expect(title(['a.example', 'b.example'])).toBe('a.example (and 1 more name) has expired')
  expect(title(['a.example', 'b.example', 'c.example'])).toBe('a.example (and 2 more names) has expired')
  expect(title([])).toBe('Certificate shop has expired')
})

test('a renewal that fails is told in the words of the CA, with what is left and when it is tried again', () => {
  const [one, ...more] = problems({ acme: [acme()], certificates: [life(73, 17, { renewsItself: true })] })
  expect(more).toEqual([])
  expect(one).toMatchObject({
    ...{
      id: 'certificate:shop',
      state: 'expiring',
      severity: 'warn',
      title: 'shop.example.com could not be renewed',
    },
    cause: 'The challenge was answered with 404. 81 % of its lifetime is used, 17 days are left.',
    remedy: 'Lead port 80 here. It failed 3 times in a row; it is tried again in 30 min.',
  })
  expect(one?.actions[0]).toMatchObject({ kind: 'retry', certificate: 'shop', role: 'operator' })
})

test('one that could not be obtained at all is worse: clients get a stand-in', () => {
  const once = acme({
    next_try: null,
    last_failure: { time: '2026-03-01T11:50:00.000Z', in_a_row: 1, why: 'rate limited', hint: null },
  })
  const [one, ...more] = problems({ acme: [once], certificates: [life(0, 90, { isStandIn: true })] })
  expect(more).toEqual([])
  expect(one).toMatchObject({
    ...{ state: 'failed', severity: 'down', title: 'shop.example.com could not be obtained' },
    since: '2026-03-01T11:50:00.000Z',
    cause: 'Rate limited. Clients get a stand-in, which they do not trust.',
    remedy: 'It failed once.',
  })
  expect(ofLife(life(0, 90, { isStandIn: true }))).toMatchObject({
    state: 'stand_in',
    severity: 'warn',
    remedy: null,
  })
})

test('a failure of before is nothing, once it is good again', () => {
  expect(
    problems({ acme: [acme({ state: 'good' })], certificates: [life(10, 80, { renewsItself: true })] }),
  ).toEqual([])
})

test('files that were changed and are of no use are told with why', () => {
  const refused = {
    owner: 'listener',
    name: 'inner',
    why: 'the key is of another certificate',
    since: '2026-03-01T11:00:00.000Z',
  } as const
  expect(problems({ health: { ...healthOf([]), refused_files: [refused] } })[0]).toMatchObject({
    ...{ state: 'rejected', title: 'Changed files of listener inner are refused', since: refused.since },
    cause: 'The key is of another certificate.',
    about: { kind: 'listener', name: 'inner' },
  })
})
