// The tester: a request, and what would become of it. Nothing is sent: the matcher that serves is asked.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Explained } from '../../../server/control/explain/explain.ts'
import { ask } from '../../data/api.ts'
import { pastedRequest } from '../../data/curl.ts'
import { isOn } from '../../data/rule-words.ts'
import type { Problem } from '../../data/problem.ts'
import { to } from '../../data/urls.ts'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Copy } from '../../parts/words.tsx'
import { Explanation } from './explanation.tsx'
import type { Drawn } from './drawn.ts'
import { addressOf, bodyOf, commandOf, ofPasted, requestIn, type TestedRequest, winner } from './tested.ts'
import type { ShownRule } from './shown-rules.ts'
import { TesterForm } from './tester-form.tsx'
import css from './tester.module.css'

type Told =
  | { readonly is: 'nothing' }
  | { readonly is: 'asking' }
  | { readonly is: 'explained'; readonly explained: Explained }
  | { readonly is: 'problem'; readonly problem: Pick<Problem, 'title' | 'detail' | 'hint'> }

export function Tester(props: Drawn & { readonly onClose: () => void }) {
  const { address, all, listeners, onClose } = props
  const [request, setRequest] = useState<TestedRequest>(() => requestIn(address.query))
  const [told, setTold] = useState<Told>({ is: 'nothing' })
  const asked = useRef('')
  const explain = async (wanted: TestedRequest): Promise<void> => {
    const body = bodyOf(wanted)
    if (typeof body === 'string') {
      setTold({ is: 'problem', problem: { title: body, detail: '' } })
      return
    }
    setTold({ is: 'asking' })
    asked.current = JSON.stringify(body)
    const answer = await ask('POST /api/v1/explain', {}, { body })
    if (asked.current !== JSON.stringify(body)) return
    if (answer.ok) {
      // The route's document is what is made there.
      const explained = answer.value as unknown as Explained
      setTold({ is: 'explained', explained })
      winner.value = explained.rule?.name ?? null
    } else {
      setTold({ is: 'problem', problem: answer.problem })
      winner.value = null
    }
  }
  const submit = (wanted: TestedRequest): void => {
    address.set(addressOf(wanted))
    void explain(wanted)
  }
  useEffect(() => {
    if (request.url !== '') void explain(request)
    return () => void (winner.value = null)
  }, [])
  const paste = (text: string): boolean => {
    const pasted = pastedRequest(text)
    // A URL alone goes into its field as it is.
    if (pasted === null || !/^\$?\s*curl/i.test(text.trim())) return false
    const next = ofPasted(pasted, request)
    setRequest(next)
    submit(next)
    return true
  }
  const rulesOf = (name: string): readonly ShownRule[] => {
    const row = listeners.find((one) => one.name === name)
    return row === undefined ? all : all.filter(({ rule }) => isOn(rule, row, listeners))
  }
  return (
    <Drawer
      title="Test a request"
      onClose={onClose}
      actions={
        request.url === '' ? undefined : (
          <>
            <span class={css.copy}>
              Link <Copy text={linkTo(request)} label="a link to this test" />
            </span>
            <span class={css.copy}>
              <code>sluice explain</code> <Copy text={commandOf(request)} label="as sluice explain" />
            </span>
          </>
        )
      }
    >
      <TesterForm
        {...{ request, paste }}
        listeners={listeners}
        isAsking={told.is === 'asking'}
        onChange={setRequest}
        onSubmit={() => submit(request)}
      />
      <div class={css.told} aria-live="polite">
        {told.is === 'problem' && (
          <Note state="down" title={told.problem.title}>
            {told.problem.detail} {told.problem.hint}
          </Note>
        )}
        {told.is === 'explained' && (
          <Explanation explained={told.explained} rules={rulesOf(told.explained.listener.name)} />
        )}
      </div>
    </Drawer>
  )
}

/** Opens the tester on the same, but for what must not be passed on. */
function linkTo(request: TestedRequest): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(addressOf(request)))
    for (const one of [value ?? []].flat()) query.append(name, one)
  return `${location.origin}${to(`/rules?${query.toString()}`)}`
}
