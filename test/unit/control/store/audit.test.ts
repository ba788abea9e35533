import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { Audit, type NewEntry } from '../../../../server/control/store/audit.ts'
import type { Db } from '../../../../server/control/store/table.ts'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

const ANNA = { kind: 'user', name: 'anna', role: 'admin', from: '192.0.2.7', id: 'abc' } as const
const ENTRY: NewEntry = {
  ...{ who: ANNA, from: '192.0.2.7', action: 'servers.state', resource: 'backends/api/servers/a' },
  ...{ before: { weight: 1 }, after: { weight: 3 }, result: 'done', requestId: 'req_1', message: 'why' },
}

describe('the audit', () => {
  test('tells who, from where, what, before and after', () => {
    const { audit } = world.store
    const id = audit.record(ENTRY)
    expect(audit.list({ limit: 10 })).toEqual([
      {
        ...{ id, time: new Date(world.clock.nowMs).toISOString(), from: '192.0.2.7', request_id: 'req_1' },
        who: { kind: 'user', name: 'anna', role: 'admin', id: 'abc' },
        ...{ action: 'servers.state', resource: 'backends/api/servers/a', result: 'done', message: 'why' },
        ...{ before: { weight: 1 }, after: { weight: 3 } },
      },
    ])
    audit.record({ ...ENTRY, who: null, before: undefined, after: null, message: null })
    expect(audit.list({ limit: 1 })[0]).toMatchObject({ who: null, before: null, after: null, message: null })
  })

  test('is read page by page, and by who, what, where and when', () => {
    const { audit } = world.store
    const ids = ['a', 'b', 'c', 'd'].map((name, index) => {
      world.clock.nowMs += 1000
      const action = index % 2 === 0 ? 'users.create' : 'users.remove'
      return audit.record({ ...ENTRY, action, resource: `users/${name}`, who: { ...ANNA, name } })
    })
    const of = (filter: object): number[] =>
      audit.list({ limit: 10, ...filter }).map(({ id }) => ids.indexOf(id))
    expect(of({})).toEqual([3, 2, 1, 0])
    expect(of({ limit: 2 })).toEqual([3, 2])
    expect(of({ limit: 2, before: ids[2] })).toEqual([1, 0])
    expect(of({ actor: 'b' })).toEqual([1])
    expect(of({ action: 'users' })).toEqual([3, 2, 1, 0])
    expect(of({ action: 'users.create' })).toEqual([2, 0])
    expect(of({ action: 'user' })).toEqual([])
    expect(of({ resource: 'users' })).toEqual([3, 2, 1, 0])
    expect(of({ resource: 'users/c' })).toEqual([2])
    const { nowMs } = world.clock
    expect(of({ sinceMs: nowMs - 1000 })).toEqual([3, 2])
    expect(of({ untilMs: nowMs - 1000 })).toEqual([1, 0])
  })

  test('what it has is not changed, and only the oldest is forgotten', () => {
    const { audit, db } = world.store
    const [first = 0, second = 0] = [audit.record(ENTRY), audit.record(ENTRY)]
    expect(() => db.sql.run("UPDATE audit SET name = 'bob'")).toThrow('not changed')
    expect(() => db.sql.run('DELETE FROM audit WHERE id = ?', [second])).toThrow('oldest first')
    expect(db.sql.run('DELETE FROM audit WHERE id = ?', [first]).changes).toBe(1)
  })

  test('forgets the oldest when it has grown too large, and goes on counting', () => {
    const small = new Audit(world.store.db, () => world.clock.nowMs, 100_000)
    let last = 0
    // In one transaction: each by itself would wait for the disk.
    world.store.db.transaction(() => {
      for (let one = 0; one < 1000; one++) last = small.record(ENTRY)
    })
    const kept = small.list({ limit: 10_000 })
    const each = 200 + 100
    expect(kept[0]?.id).toBe(last)
    expect(last).toBe(1000)
    expect(kept.length).toBeLessThan(100_000 / each + 200)
    expect(kept.length).toBeGreaterThan(200)
  })

  test('an entry that is written stays so where the oldest cannot be forgotten just now', () => {
    const { db } = world.store
    const held: Db = {
      get sql() {
        const query = (text: string): unknown => {
          if (!text.startsWith('DELETE')) return db.sql.query(text)
          throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' })
        }
        return { query } as unknown as Db['sql']
      },
      transaction: (work) => db.transaction(work),
      write: (work) => db.write(work),
    }
    // Each is more than it may have, and the first one looks.
    const small = new Audit(held, () => world.clock.nowMs, 10)
    expect(small.record(ENTRY)).toBe(1)
    expect(small.list({ limit: 10 })).toHaveLength(1)
  })

  test('a value that is too large is cut, and says so', () => {
    const { audit } = world.store
    audit.record({ ...ENTRY, after: { text: 'x'.repeat(100_000) }, message: 'y'.repeat(10_000) })
    const [entry] = audit.list({ limit: 1 })
    expect(entry?.after).toMatchObject({ cut: true, of_chars: 100_011 })
    expect(entry?.message).toHaveLength(500)
  })

  test('no secret that is planted is found in it', () => {
    const planted = {
      password: 'planted-1-password',
      turn: { auth: { users: { alice: 'planted-2-user' }, secrets: ['planted-3-secret'] } },
      sticky: { cookie: 'planted-4-cookie', secret: 'planted-5-sticky' },
      acme: { external_account: { id: 'kid', hmac: 'planted-6-hmac' } },
      headers: { Authorization: 'Basic planted-7-basic', 'X-Api-Key': 'planted-8-api' },
      text: 'curl -H "Authorization: Bearer planted-9-bearer" http://u:planted-10-url@x/',
      key: `-----BEGIN EC PRIVATE KEY-----\nplanted-11-pem\n-----END EC PRIVATE KEY-----`,
      cut: '-----BEGIN PRIVATE KEY-----\nplanted-12-cut',
      token: 'slt_aaaaaaaaaaaa_planted13x',
      note: 'use slt_aaaaaaaaaaaa_planted14x or eyJhbGciOiJIUzI1NiJ9.planted-15-jwt.planted-16-sig',
      hash: '$argon2id$v=19$m=64,t=1,p=1$planted-17-salt$planted-18-hash',
      totp: 'otpauth://totp/x?secret=planted-19-totp',
      recovery_codes: ['planted-20-code'],
      code: 'planted-21-code',
    }
    const { audit } = world.store
    const message = `password planted, ${planted.note}`
    audit.record({ ...ENTRY, before: planted, after: [planted], message, resource: planted.note })
    const all = JSON.stringify(world.store.db.sql.query('SELECT * FROM audit').all())
    expect(all.match(/planted-?\d+[a-z0-9-]*/g)).toBeNull()
    expect(all).toContain('alice')
    expect(all).toContain('(a secret, hidden)')
  })
})
