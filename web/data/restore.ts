// What is served, written over a file that is not.
import type { Changed } from './api-types.ts'
import { type Answer, ask } from './api.ts'

/** `hash`: of the file as the person has seen it; were it another one by now, it is refused. */
export async function restoreToDisk(hash: string | null, revision: number): Promise<Answer<Changed>> {
  const running = await ask('GET /api/v1/config', {}, { query: { view: 'running' }, accept: 'text/plain' })
  if (!running.ok) return running
  return ask(
    'PUT /api/v1/config',
    {},
    {
      query: { message: `r${revision} put back into the file` },
      text: { type: 'text/plain', body: String(running.value) },
      ...(hash !== null && { ifMatch: `"${hash}"` }),
    },
  )
}
