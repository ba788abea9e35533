// Which text the editor shows, what it was made from, and how what is typed becomes the draft.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { AnswerOf } from '../../data/api.ts'
import { type ConfigText, useConfigText } from '../../data/config-text.ts'
import { draft, draftText, type TextBase } from '../../data/draft.ts'
import type { Problem } from '../../data/problem.ts'
import { tryDraft } from '../../data/reviewing.ts'

export type ConfigStatus = AnswerOf<'GET /api/v1/config/status'>
export type Side = 'running' | 'disk'

export interface Edited {
  /** Null: it has not come yet. */
  readonly text: string | null
  readonly problem: Problem | null
  /** Why the text is without what forms have changed. */
  readonly withoutForms: Problem | null
  readonly running: ConfigText
  readonly disk: ConfigText
  readonly type: (text: string) => void
  /** What was typed is in the draft after it. */
  readonly flush: () => void
}

/** Typing is in the draft this much later: a large text is not kept at each key. */
const KEEP_MS = 200

export function useEdited(status: ConfigStatus | null, side: Side): Edited {
  const isSame = status === null || status.disk.state === 'in_sync'
  const running = useConfigText('running')
  const disk = useConfigText('disk', isSame)
  const source = side === 'disk' && !isSame ? disk : running
  const drafted = useDraftedText()
  const [typed, setTyped] = useState<string | null>(null)
  const timer = useRef(0)
  const base: TextBase | null =
    source.text === null || status?.running === null || status === null
      ? null
      : {
          text: source.text,
          // It is the file that a text takes the place of, whichever it was made from.
          hash: isSame ? source.hash : (status.disk.hash ?? source.hash),
          revision: status.running.revision,
        }
  const latest = useRef({ typed, base })
  latest.current = { typed, base }
  /** That of the first key: another text may be served before the last one. */
  const begun = useRef<TextBase | null>(null)
  const flush = (): void => {
    clearTimeout(timer.current)
    const now = latest.current
    const first = begun.current ?? now.base
    if (now.typed === null || first === null) return
    const known = draft.peek()
    const from =
      known.kind === 'text' ? { text: known.base, hash: known.baseHash, revision: known.baseRevision } : first
    draftText(now.typed, from)
    begun.current = null
    latest.current.typed = null
    setTyped(null)
  }
  useEffect(() => flush, [])
  const isUnread = draft.value.kind === 'changes' && drafted.problem === null
  return {
    // Until the draft of forms is read nothing else is shown: whoever typed into what runs would drop it.
    text: typed ?? drafted.text ?? (isUnread ? null : source.text),
    problem: source.problem,
    withoutForms: typed === null ? drafted.problem : null,
    ...{ running, disk, flush },
    type: (text) => {
      setTyped(text)
      begun.current ??= latest.current.base
      latest.current.typed = text
      clearTimeout(timer.current)
      timer.current = window.setTimeout(flush, KEEP_MS)
    },
  }
}

/** The draft as a text: changes of forms as the gateway would write them. Null: there is no draft. */
function useDraftedText(): { readonly text: string | null; readonly problem: Problem | null } {
  const now = draft.value
  const [tried, setTried] = useState<{ text: string | null; problem: Problem | null }>({
    text: null,
    problem: null,
  })
  useEffect(() => {
    if (now.kind !== 'changes') return setTried({ text: null, problem: null })
    const stop = new AbortController()
    void tryDraft(now, stop.signal).then((answer) => {
      if (stop.signal.aborted) return
      setTried(
        answer.ok
          ? { text: answer.value.text ?? null, problem: null }
          : { text: null, problem: answer.problem },
      )
    })
    return () => stop.abort()
  }, [now])
  return now.kind === 'text' ? { text: now.text, problem: null } : tried
}
