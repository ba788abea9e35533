import { expect, test } from 'bun:test'
import { followAnswer } from '../../../../server/admin/routes/requests-live.ts'
import { waitFor } from '../../../support/wait.ts'

const server = { timeout: () => {} } as unknown as Bun.Server<undefined>

test('readers that take nothing give their places to others, and workers keep nothing for them any more', async () => {
  let ended = 0
  const tail = {
    next: () => Promise.resolve({ requests: [], left_out: 0, gap: false }),
    end: () => void ended++,
  }
  const asked = () => ({ request: new Request('http://localhost/'), server })
  const stuck = Array.from({ length: 16 }, () => followAnswer(asked(), tail, 1))
  expect(followAnswer(asked(), tail).status).toBe(503)
  await waitFor(() => ended === 16)
  const next = followAnswer(asked(), tail)
  expect(next.status).toBe(200)
  // Whoever reads is not cut off for that nothing happens.
  const reader = next.body!.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(': these follow\n\n')
  await reader.cancel()
  expect(ended).toBe(17)
  await expect(stuck[0]!.text()).rejects.toThrow('too slow')
})
