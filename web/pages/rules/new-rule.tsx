// A rule more: filled in by hand, by what is pasted, or like another one; the draft has it when it is added.
import { useState } from 'preact/hooks'
import { pastedRequest } from '../../data/curl.ts'
import { changeOf, create } from '../../data/draft.ts'
import { forgetForm, useKept } from '../../data/kept-forms.ts'
import { type JsonMap, merged } from '../../data/merge.ts'
import { ruleResource } from '../../data/rule-order.ts'
import { takesAll } from '../../data/rule-words.ts'
import { useTriedChange } from '../../data/use-tried-change.ts'
import { Button } from '../../parts/button.tsx'
import { SelectField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { NO_DRAWER } from './address.ts'
import type { Target } from './moving.ts'
import type { Drawn } from './drawn.ts'
import { freeName, nameFor, ruleLike } from './new-rule-words.ts'
import { RuleForm } from './rule-form.tsx'
import type { ShownRule } from './shown-rules.ts'

interface NewRuleProps extends Drawn {
  /** The rule that it begins as; null: none. */
  readonly like: string | null
  readonly onClose: () => void
}

export function NewRule(props: NewRuleProps) {
  const { all, own, listeners, backends, address, move, like, listener, onClose } = props
  const form = `rule like ${like ?? 'none'}`
  const [begun] = useState(() => beginOf(props))
  const kept = useKept<JsonMap>(form, 'rule', begun)
  const rule = kept.value
  const setRule = (next: JsonMap): void => void (kept.value = next)
  const [pasted, setPasted] = useState('')
  const name = String(rule['name'] ?? '')
  const [where, setWhere] = useState(() => (like === null ? placeBefore(own) : `after ${like}`))
  const why = whyNot(rule, all)
  const tried = useTriedChange(
    why === null && changeOf(ruleResource(name)) === null
      ? { op: 'create', resource: ruleResource(name), value: rule }
      : null,
  )
  const take = (text: string): boolean => {
    const request = pastedRequest(text)
    setPasted(text)
    if (request === null) return false
    const filled = merged(rule, { match: null }) as JsonMap
    const next = { ...filled, match: ruleLike(request) }
    setRule({ ...next, name: name === '' ? freeName(nameFor(next), all) : name })
    setPasted('')
    return true
  }
  const add = (): void => {
    create('rules', rule)
    forgetForm(form)
    const target = targetOf(where, own)
    if (target !== null) move(name, target)
    address.set({ ...NO_DRAWER, edit: name })
  }
  const giveUp = (): void => {
    onClose()
    forgetForm(form)
  }
  return (
    <Drawer
      title={like === null ? 'New rule' : `New rule like ${like}`}
      onClose={onClose}
      actions={
        <>
          <Button kind="ink" needs="editor" disabledWhy={why} onPress={add}>
            Add to the draft
          </Button>
          <Button onPress={giveUp}>Cancel</Button>
        </>
      }
    >
      <Field label="Paste" help="A URL or a curl command fills in host, path, method and header.">
        <TextField
          isMono
          placeholder="curl https://…"
          value={pasted}
          onInput={(text) => void take(text)}
          onPaste={take}
        />
      </Field>
      <Field label="Name" help="In logs, metrics and this list." error={tried.errors['/name']}>
        <TextField value={name} hasFocus onInput={(next) => setRule({ ...rule, name: next })} />
      </Field>
      <RuleForm
        {...{ rule, listeners, backends }}
        errors={tried.errors}
        isDisabled={false}
        onPatch={(patch) => setRule(merged(rule, patch) as JsonMap)}
      />
      <Field label="Asked" help={placeHelp(where, own)}>
        <SelectField
          value={where}
          onInput={setWhere}
          options={[
            { value: 'first', label: 'first of all' },
            ...own.slice(0, PLACES_MAX).map(({ id }) => ({ value: `before ${id}`, label: `before ${id}` })),
            { value: 'last', label: `last${listener === null ? '' : ` on ${listener.name}`}` },
            ...(where.startsWith('after ')
              ? [{ value: where, label: `right behind ${where.slice(6)}` }]
              : []),
          ]}
        />
      </Field>
    </Drawer>
  )
}

/** So many are named in the choice of a place; the list moves it anywhere else. */
const PLACES_MAX = 200

function beginOf({ like, all, backends }: NewRuleProps): JsonMap {
  const model = all.find(({ id }) => id === like)?.rule
  if (model !== undefined) return { ...model, name: freeName(`${like}-2`, all) }
  const [backend] = backends.keys()
  return { name: '', ...(backend !== undefined && { backend }) }
}

/** Before what takes all that is left: behind that it would never be asked. */
function placeBefore(own: readonly ShownRule[]): string {
  const all = own.find(({ rule }) => takesAll(rule))
  return all === undefined ? 'last' : `before ${all.id}`
}

const placeHelp = (where: string, own: readonly ShownRule[]): string =>
  where === 'last' && own.some(({ rule }) => takesAll(rule))
    ? `${own.find(({ rule }) => takesAll(rule))?.id} takes everything before it: it would never be asked.`
    : 'The first rule that matches wins.'

function whyNot(rule: JsonMap, all: readonly ShownRule[]): string | null {
  const name = String(rule['name'] ?? '').trim()
  if (name === '') return 'it has no name yet'
  return all.some(({ id }) => id === name) ? `there is a rule ${name} already` : null
}

function targetOf(place: string, own: readonly ShownRule[]): Target | null {
  const [word, id = ''] = place.split(/ (.*)/s)
  const [first, last] = [own[0]?.id, own.at(-1)?.id]
  if (word === 'before') return { before: id }
  if (word === 'after') return { after: id }
  if (word === 'first') return first === undefined ? null : { before: first }
  return last === undefined ? null : { after: last }
}
