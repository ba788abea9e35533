// A user more: with a one-time link, by which they set a password of their own, or with one that is made up
// for them.
import { useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { refreshHeld } from '../../data/held.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { SelectField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { PasswordField } from '../../parts/password-field.tsx'
import { LinkTold, makeLink, type MadeLink } from './one-time-link.tsx'
import { roleHelp, ROLES } from './role-words.ts'
import css from './settings.module.css'
import { useDoing, WhyNot } from './use-doing.tsx'

export interface NewUserProps {
  readonly onClose: () => void
  readonly onOpen: (name: string) => void
}

export function NewUser({ onClose, onOpen }: NewUserProps) {
  const [name, setName] = useState('')
  const [role, setRole] = useState('viewer')
  const [way, setWay] = useState<'link' | 'password'>('link')
  const [password, setPassword] = useState('')
  const [link, setLink] = useState<MadeLink | null>(null)
  const doing = useDoing()
  const linking = useDoing()
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const body = { name: name.trim(), role, ...(way === 'password' && { password }) }
    const made = await doing.run(() => ask('POST /api/v1/users', {}, { body }))
    if (made === null) return
    refreshHeld((url) => url.includes('/users'))
    const told = way === 'link' ? await linking.run(() => makeLink(body.name)) : null
    if (told === null) onOpen(body.name)
    else setLink(told.value)
  }
  return (
    <Drawer title="Add a user" onClose={onClose}>
      {link !== null ? (
        <LinkTold link={link} onDone={() => onOpen(link.user)} />
      ) : (
        <form class={css.form} method="post" onSubmit={(event) => void submit(event)}>
          <WhyNot doing={doing} fields={['/name', '/role', '/password']} />
          <WhyNot doing={linking} />
          <Field
            label="Name"
            help="Letters, digits and _ . @ -; it stands in the audit."
            error={doing.errorAt('/name')}
          >
            <TextField value={name} onInput={setName} isRequired hasFocus />
          </Field>
          <Field label="Role" help={roleHelp(role)} error={doing.errorAt('/role')}>
            <SelectField options={ROLES} value={role} onInput={setRole} />
          </Field>
          <Field
            isGroup
            label="Comes in by"
            help={
              way === 'link'
                ? 'You get a link to hand on. It is good once, for 24 hours; who opens it sets a password of their own.'
                : 'You hand the password on; they can change it.'
            }
          >
            <Segmented
              label="Comes in by"
              options={[
                { value: 'link', label: 'One-time link' },
                { value: 'password', label: 'Password' },
              ]}
              value={way}
              onPick={setWay}
            />
          </Field>
          {way === 'password' && (
            <Field label="Password" help="12 characters or more." error={doing.errorAt('/password')}>
              <PasswordField value={password} onInput={setPassword} autocomplete="new-password" isRequired />
            </Field>
          )}
          <div class="row">
            <Button kind="ink" type="submit" isBusy={doing.isBusy || linking.isBusy} busyWord="Adding">
              Add {name.trim() === '' ? 'the user' : name.trim()}
            </Button>
            <Button onPress={onClose}>Cancel</Button>
          </div>
        </form>
      )}
    </Drawer>
  )
}
