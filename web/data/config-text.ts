// The text of the config, as it runs or as it stands in the file. It may hold secrets, and is for editors;
// others get what it says, as JSON, with secrets hidden.
import { useEffect, useState } from 'preact/hooks'
import { ask } from './api.ts'
import { onEvent, onReset } from './live.ts'
import type { Problem } from './problem.ts'
import { can } from './session.ts'

export interface ConfigText {
  /** Null: it has not come yet. */
  readonly text: string | null
  /** SHA-256 of it. */
  readonly hash: string
  readonly problem: Problem | null
}

const NOTHING: ConfigText = { text: null, hash: '', problem: null }

export function useConfigText(view: 'running' | 'disk', isOff = false): ConfigText {
  const [now, setNow] = useState(NOTHING)
  const isEditor = can('edit')
  useEffect(() => {
    if (isOff) return setNow(NOTHING)
    let [isGone, asked] = [false, 0]
    const read = async (): Promise<void> => {
      const turn = ++asked
      const accept = isEditor ? 'text/plain' : 'application/json'
      const answer = await ask('GET /api/v1/config', {}, { query: { view }, accept })
      // A later answer may have come before this one.
      if (isGone || turn !== asked) return
      if (!answer.ok) return setNow((before) => ({ ...before, problem: answer.problem }))
      const { value, etag } = answer
      const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
      setNow({ text, hash: etag?.replaceAll('"', '') ?? '', problem: null })
    }
    void read()
    const ends = [onEvent(['config'], () => void read()), onReset(() => void read())]
    return () => {
      isGone = true
      for (const end of ends) end()
    }
  }, [view, isOff, isEditor])
  return now
}
