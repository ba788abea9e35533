import { expect, test } from 'bun:test'
import type { Authenticator } from '../../../../server/admin/auth/authenticator.ts'
import { untilRevoked } from '../../../../server/admin/auth/until-revoked.ts'
import { waitFor } from '../../../support/wait.ts'

type Good = Pick<Exclude<Awaited<ReturnType<Authenticator['whoAsks']>>, { code: string }>, 'isStillGood'>

function scene(): {
  readonly who: Good & { isGood: boolean }
  readonly answer: Response
  readonly notes: string[]
  push(text: string): void
  end(): void
} {
  const who = { isGood: true, isStillGood: (): boolean => who.isGood }
  const notes: string[] = []
  let source: ReadableStreamDefaultController<Uint8Array> | null = null
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void (source = controller),
    cancel: (why) => void notes.push(`cancelled: ${why}`),
  })
  const answer = new Response(body, { status: 200, headers: { 'Content-Type': 'text/event-stream' } })
  return {
    who,
    notes,
    answer,
    push: (text) => source?.enqueue(new TextEncoder().encode(text)),
    end: () => source?.close(),
  }
}

test('an answer that goes on gives what it gives, and ends as it ends', async () => {
  const { who, answer, push, end } = scene()
  const given = untilRevoked(answer, who, 5)
  expect(given.headers.get('content-type')).toBe('text/event-stream')
  push('data: 1\n\n')
  push('data: 2\n\n')
  end()
  expect(await given.text()).toBe('data: 1\n\ndata: 2\n\n')
})

test('it ends once whoever asked is known no more, and so does what made it', async () => {
  const { who, answer, notes, push } = scene()
  const reader = untilRevoked(answer, who, 5).body?.getReader()
  push('data: 1\n\n')
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n')
  const next = reader?.read()
  who.isGood = false
  expect((await next)?.done).toBe(true)
  await waitFor(() => notes.length > 0)
  expect(notes).toEqual(['cancelled: revoked'])
})

test('a reader that goes away is told to what made it', async () => {
  const { who, answer, notes } = scene()
  await untilRevoked(answer, who, 5).body?.cancel('gone')
  expect(notes).toEqual(['cancelled: gone'])
})
