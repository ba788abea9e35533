// A token more. Its secret is told once, with a line that tries it.
import { useState } from 'preact/hooks'
import type { AnswerOf } from '../../data/api.ts'
import { ask } from '../../data/api.ts'
import { refreshHeld } from '../../data/held.ts'
import { API_BASE } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { ListField, SelectField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Code } from '../../parts/words.tsx'
import { roleHelp, ROLES } from './role-words.ts'
import css from './settings.module.css'
import { ToldOnce } from './told-once.tsx'
import { useDoing, WhyNot } from './use-doing.tsx'

type Made = AnswerOf<'POST /api/v1/tokens'>

const LASTS = [
  { value: '7d', label: '7 days' },
  { value: '30d', label: '30 days' },
  { value: '90d', label: '90 days' },
  { value: '365d', label: 'a year' },
  { value: 'never', label: 'never: until it is revoked' },
]

export function NewToken({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [role, setRole] = useState('viewer')
  const [scopes, setScopes] = useState<readonly string[]>([])
  const [ranges, setRanges] = useState<readonly string[]>([])
  const [expires, setExpires] = useState('90d')
  const [made, setMade] = useState<Made | null>(null)
  const doing = useDoing()
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const body = {
      ...{ name: name.trim(), role, expires },
      ...(scopes.length > 0 && { scopes: [...scopes] }),
      ...(ranges.length > 0 && { ranges: [...ranges] }),
    }
    const done = await doing.run(() => ask('POST /api/v1/tokens', {}, { body }))
    if (done === null) return
    setMade(done.value)
    refreshHeld((url) => url.includes('/tokens'))
  }
  return (
    <Drawer title={made === null ? 'Make a token' : made.name} onClose={onClose}>
      {made !== null ? (
        <ToldOnce title="The token is shown this once" secret={made.token} onDone={onClose}>
          Keep it where the program finds it, and nobody else. Only its mark stays here.
          <Code isCopied text={tryLine(made.token)} />
        </ToldOnce>
      ) : (
        <form class={css.form} method="post" onSubmit={(event) => void submit(event)}>
          <WhyNot doing={doing} fields={['/name', '/role', '/scopes', '/ranges', '/expires']} />
          <Field label="Name" help="What it is for: it stands in the audit." error={doing.errorAt('/name')}>
            <TextField value={name} onInput={setName} placeholder="deploy pipeline" isRequired hasFocus />
          </Field>
          <Field label="Role" help={roleHelp(role)} error={doing.errorAt('/role')}>
            <SelectField options={ROLES} value={role} onInput={setRole} />
          </Field>
          <Field
            isGroup
            label="Only for"
            right="all, where none stands"
            help="Resources, as backends/api/* or rules/*."
            error={doing.errorAt('/scopes')}
          >
            <ListField item="resource" value={scopes} onInput={setScopes} placeholder="backends/api/*" />
          </Field>
          <Field
            isGroup
            label="Only from"
            right="anywhere, where none stands"
            help="Addresses, as 10.0.0.0/8 or 192.0.2.7."
            error={doing.errorAt('/ranges')}
          >
            <ListField item="address" value={ranges} onInput={setRanges} placeholder="10.0.0.0/8" />
          </Field>
          <Field label="Ends" right="default 90 days" error={doing.errorAt('/expires')}>
            <SelectField options={LASTS} value={expires} onInput={setExpires} />
          </Field>
          <div class="row">
            <Button kind="ink" type="submit" isBusy={doing.isBusy} busyWord="Making">
              Make the token
            </Button>
            <Button onPress={onClose}>Cancel</Button>
          </div>
        </form>
      )}
    </Drawer>
  )
}

const tryLine = (token: string): string =>
  `curl -H 'Authorization: Bearer ${token}' ${location.origin}${API_BASE}api/v1/status`
