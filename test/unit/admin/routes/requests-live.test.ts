import { expect, test } from 'bun:test'
import { Places } from '../../../../server/admin/places.ts'
import { FOLLOWERS_MAX, followAnswer } from '../../../../server/admin/routes/requests-live.ts'
import { waitFor } from '../../../support/wait.ts'

const server = { timeout: () => {} } as unknown as Bun.Server<undefined>

test('readers that take nothing give their places to others, and workers keep nothing for them any more', async () => {
  let ended = 0
  const tail = {
    next: () => Promise.resolve({ requests: [], left_out: 0, gap: false }),
    end: () => void ended++,
  }
  const places = new Places(FOLLOWERS_MAX)
  const asked = (name = 'late') => {
    const who = { kind: 'user', name, role: 'viewer', from: '127.0.0.1', id: name } as const
    return { request: new Request('http://localhost/'), server, who }
  }
  const stuck = Array.from({ length: 16 }, (_, i) =>
    followAnswer(asked(`u${i % 4}`), { tail, places, stuckMs: 1 }),
  )
  expect(followAnswer(asked(), { tail, places }).status).toBe(503)
  await waitFor(() => ended === 16)
  const next = followAnswer(asked(), { tail, places })
  expect(next.status).toBe(200)
  // Whoever reads is not cut off for that nothing happens.
  const reader = next.body!.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(': these follow\n\n')
  await reader.cancel()
  expect(ended).toBe(17)
  await expect(stuck[0]!.text()).rejects.toThrow('too slow')
})
