// What testssl.sh, which people judge a server by, says of an HTTPS listener: the quick part of it. All of it
// is in npm run soak.
import { afterAll, beforeAll, expect } from 'bun:test'
import type { Gateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { endOf, findingsOf, gatewayOf, severe, TESTSSL } from '../support/testssl.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await gatewayOf(['intermediate'])
})
afterAll(() => endOf(gateway))

needs(TESTSSL)(
  'testssl.sh finds nothing bad of protocols and ciphers',
  async () => {
    const findings = await findingsOf(gateway, 'intermediate', ['--protocols', '--std'])
    expect(severe(findings)).toEqual([])
    const found = new Map(findings.map(({ id, finding }) => [id, finding]))
    // That it looked at all: what is there, and what is not.
    expect(found.get('SSLv3')).toBe('not offered')
    expect(found.get('TLS1_1')).toBe('not offered')
    expect(found.get('TLS1_2')).toBe('offered')
    expect(found.get('TLS1_3')).toStartWith('offered')
    expect(found.get('cipherlist_NULL')).toBe('not offered')
  },
  // It takes seconds, but is a script that does arithmetic: on a crowded machine it takes minutes.
  240_000,
)
