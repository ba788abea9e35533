// Asks what would become of a request, by what is served and by the draft; again when the draft changes.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { opsOf } from '../../data/change.ts'
import { draft } from '../../data/draft.ts'
import type { Problem } from '../../data/problem.ts'
import { can } from '../../data/session.ts'
import { type Answered, bodyOf, isExplained, type TestedRequest } from './tested.ts'
import { winner } from './winner.ts'

export type Told =
  | { readonly is: 'nothing' }
  | { readonly is: 'answered'; readonly answered: Answered }
  | { readonly is: 'problem'; readonly problem: Pick<Problem, 'title' | 'detail' | 'hint'> }

interface Explaining {
  readonly told: Told
  readonly isAsking: boolean
  readonly explain: (wanted: TestedRequest) => Promise<void>
}

const AGAIN_MS = 500

/** `request` is that of now, for when it is asked again. */
export function useExplained(request: TestedRequest): Explaining {
  const [told, setTold] = useState<Told>({ is: 'nothing' })
  const [isAsking, setAsking] = useState(false)
  const asked = useRef(0)
  const explain = async (wanted: TestedRequest): Promise<void> => {
    const body = bodyOf(wanted)
    if (typeof body === 'string') {
      setTold({ is: 'problem', problem: { title: body, detail: '' } })
      return
    }
    // What was told stays until there is something else to tell.
    setAsking(true)
    const turn = ++asked.current
    const answer = await ask('POST /api/v1/explain', {}, { body: { ...body, ...draftBody() } })
    // An answer to what was asked before may come behind this one.
    if (turn !== asked.current) return
    setAsking(false)
    if (answer.ok) {
      // The route's document is what is made there.
      const answered = answer.value as unknown as Answered
      setTold({ is: 'answered', answered })
      winner.value = isExplained(answered) ? (answered.rule?.name ?? null) : null
    } else {
      setTold({ is: 'problem', problem: answer.problem })
      winner.value = null
    }
  }
  useEffect(() => () => void (winner.value = null), [])
  // A draft that changes while it is looked at changes what is said of it.
  const drafted = draft.value
  const isFirst = useRef(true)
  useEffect(() => {
    if (!isFirst.current && told.is === 'answered') {
      const timer = setTimeout(() => void explain(request), AGAIN_MS)
      return () => clearTimeout(timer)
    }
    isFirst.current = false
    return undefined
  }, [drafted])
  return { told, isAsking, explain }
}

/** The draft, to be asked about as well; nothing where there is none, or who looks may not. */
function draftBody(): { readonly ops?: ReturnType<typeof opsOf>; readonly text?: string } {
  const now = draft.peek()
  if (now.kind === 'none' || !can('edit')) return {}
  return now.kind === 'text' ? { text: now.text } : { ops: opsOf(now.changes) }
}
