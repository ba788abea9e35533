import { endOf, findingsOf, gatewayOf, severe, TESTSSL } from '../support/testssl.ts'
import { programPath } from '../support/needs.ts'
import type { StormResult } from './storm.ts'

const PROFILES = ['intermediate', 'modern'] as const

/** The whole of testssl.sh on each profile: some minutes. */
export async function soakTestssl(): Promise<StormResult> {
  if (programPath(TESTSSL) === null) return { notes: [`${TESTSSL} is not installed`], problems: [] }
  const [notes, problems]: [string[], string[]] = [[], []]
  const gateway = await gatewayOf(PROFILES)
  try {
    for (const profile of PROFILES) {
      const findings = await findingsOf(gateway, profile, [])
      notes.push(`${profile}: ${findings.length} findings`)
      problems.push(...severe(findings).map((line) => `${profile}: ${line}`))
    }
  } finally {
    await endOf(gateway)
  }
  return { notes, problems }
}
