// The tester: a request, and what would become of it. Nothing is sent: the matcher that serves is asked.
import { useEffect, useState } from 'preact/hooks'
import { pastedRequest } from '../../data/curl.ts'
import { isOn } from '../../data/rule-words.ts'
import { to } from '../../data/urls.ts'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Copy } from '../../parts/words.tsx'
import { Both } from './both.tsx'
import type { Drawn } from './drawn.ts'
import { addressOf, commandOf, isExplained, ofPasted, requestIn, type TestedRequest } from './tested.ts'
import type { ShownRule } from './shown-rules.ts'
import { TesterForm } from './tester-form.tsx'
import css from './tester.module.css'
import { useExplained } from './use-explained.ts'

export function Tester(props: Drawn & { readonly onClose: () => void }) {
  const { address, all, listeners, onClose } = props
  const [request, setRequest] = useState<TestedRequest>(() => requestIn(address.query))
  const { told, isAsking, explain } = useExplained(request)
  const submit = (wanted: TestedRequest): void => {
    address.set(addressOf(wanted))
    void explain(wanted)
  }
  useEffect(() => {
    if (request.url !== '') void explain(request)
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
  // The list beside shows the rules that were asked.
  const at = told.is === 'answered' && isExplained(told.answered) ? told.answered.listener.name : null
  useEffect(() => {
    const isOther = at !== null && at !== props.listener?.name && listeners.some(({ name }) => name === at)
    if (isOther) address.set({ listener: at })
  }, [at])
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
        isAsking={isAsking}
        onChange={setRequest}
        onSubmit={() => submit(request)}
      />
      <div class={css.told} aria-live="polite">
        {told.is === 'problem' && (
          <Note state="down" title={told.problem.title}>
            {told.problem.detail} {told.problem.hint}
          </Note>
        )}
        {told.is === 'answered' && <Both answered={told.answered} rulesOf={rulesOf} />}
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
