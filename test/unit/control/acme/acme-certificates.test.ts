import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AcmeConfig } from '../../../../server/control/acme/acme.options.ts'
import { AcmeCertificates } from '../../../../server/control/acme/acme-certificates.ts'
import { type KeptCertificate, Store } from '../../../../server/control/acme/store.ts'
import type { CertificateHands } from '../../../../server/control/certificates/source.ts'
import type { WantedCertificate } from '../../../../server/control/source/wanted-certificates.ts'
import { Totals } from '../../../../server/telemetry/registry.ts'
import { selfSigned } from '../../../../server/tls/self-signed.ts'

const data = mkdtempSync(join(tmpdir(), 'sluice-acme-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

test('many that came on demand are gathered beside whatever else there is to do', async () => {
  const nowMs = Date.now()
  const names = Array.from({ length: 100 }, (_, i) => `n${i}.a.example`)
  const store = new Store(data)
  store.keepLearned({
    customers: { names: Object.fromEntries(names.map((name) => [name, nowMs])), admitted: [] },
  })
  const pair = selfSigned(['n.a.example'], { nowMs })
  const when = { obtainedMs: nowMs, renewAtMs: nowMs + 1e9, adviseAtMs: nowMs + 1e9, advice: null }
  for (const name of names) {
    const kept: KeptCertificate = { ...pair, ...when, names: [name], directory: 'd', keyType: 'p256' }
    store.keepCertificate(`customers@${name}`, kept)
  }
  const on_demand = { allow: ['*.a.example'], per_hour: 1, names: 1000, wait: 1000, forget_days: 30 }
  const acme = { directory: 'letsencrypt', fallbacks: [], on_demand } as unknown as AcmeConfig
  const wanted = { name: 'customers', path: 'certificates.customers', words: { acme } } as WantedCertificate
  const options = { config: { data }, file: join(data, 'c.yaml'), env: {}, build: { version: '0' } }
  const certificates = new AcmeCertificates({ ...options, totals: new Totals() })
  certificates.with({} as CertificateHands)
  await certificates.textOf(wanted)
  let turns = 0
  const turn = (): void => {
    turns++
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  const found = await certificates.more([wanted])
  clearImmediate(next)
  certificates.stop()
  expect(found.size).toBe(100)
  expect(turns).toBeGreaterThanOrEqual(5)
})
