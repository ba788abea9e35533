import { expect, test } from 'bun:test'
import type { Snapshot } from '../../../server/snapshot/snapshot.ts'
import { ByName } from '../../../server/tls/by-name.ts'
import { Certificate } from '../../../server/tls/certificate.ts'
import { learn, refuseName } from '../../../server/worker/learned-certificates.ts'

const NAME = 'x.a.example'
const LEARNED = `customers@${NAME}`
const text = { pairs: [{ cert: 'cert', key: 'key' }], names: [NAME], endsMs: 1 }

test('a name that is refused keeps the certificate that is served; one that is forgotten does not', () => {
  const first = new Certificate({ pairs: [], names: [], endsMs: 1 })
  const certificates = new ByName(first).with([
    { certificate: 'customers', allow: ['*.a.example'], waitMs: 1000 },
  ])
  const snapshots = [{ listeners: new Map([['secure', { tls: { certificates } }]]) } as unknown as Snapshot]
  learn(snapshots, LEARNED, text)
  refuseName(LEARNED)
  expect(certificates.find(NAME).text).toBe(text)
  learn(snapshots, LEARNED, null)
  expect(certificates.find(NAME)).toBe(first)
})
