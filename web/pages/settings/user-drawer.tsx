// One user: their role, how they come in, and what ends that.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { User } from '../../data/api-types.ts'
import { ask } from '../../data/api.ts'
import { refreshHeld } from '../../data/held.ts'
import { findMe, me } from '../../data/session.ts'
import { queryOf, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { SelectField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Dialog, Drawer } from '../../parts/overlays.tsx'
import { Age } from '../../parts/time.tsx'
import { LinkTold, makeLink, type MadeLink } from './one-time-link.tsx'
import { roleHelp, ROLES } from './role-words.ts'
import css from './settings.module.css'
import { type Doing, useDoing, WhyNot } from './use-doing.tsx'

export interface UserDrawerProps {
  readonly user: User
  readonly isLastAdmin: boolean
  readonly onClose: () => void
}

const LAST = 'the last admin stays one'
const refresh = (): void => refreshHeld((url) => url.includes('/users') || url.includes('/sign-ins'))

export function UserDrawer({ user, isLastAdmin, onClose }: UserDrawerProps) {
  const [isRemoving, setRemoving] = useState(false)
  const { name } = user
  const isSelf = me.value?.name === name
  return (
    <Drawer
      title={name}
      onClose={onClose}
      actions={
        <Button
          kind="danger"
          icon="trash"
          disabledWhy={isLastAdmin ? LAST : isSelf ? 'not oneself' : null}
          onPress={() => setRemoving(true)}
        >
          Remove {name}…
        </Button>
      }
    >
      <RoleOf user={user} isLastAdmin={isLastAdmin} isSelf={isSelf} />
      <LinkFor user={user} />
      <WaysIn user={user} isSelf={isSelf} />
      <p>
        <a href={to(`/settings/sign-ins${queryOf({ filter: name })}`)}>Sign-ins of {name}</a> ·{' '}
        <a href={to(`/activity/audit${queryOf({ actor: name })}`)}>What {name} has done</a>
      </p>
      {isRemoving && <Removing name={name} onClose={() => setRemoving(false)} onDone={onClose} />}
    </Drawer>
  )
}

function LinkFor({ user: { name, totp } }: { readonly user: User }) {
  const [link, setLink] = useState<MadeLink | null>(null)
  const doing = useDoing()
  const make = async (): Promise<void> => {
    const made = await doing.run(() => makeLink(name))
    if (made !== null) setLink(made.value)
  }
  return (
    <section class={css.deed}>
      <h3>One-time link</h3>
      {link !== null ? (
        <LinkTold link={link} onDone={() => setLink(null)} />
      ) : (
        <>
          <p>
            Signs {name} in once, without a password{totp && '; the app is asked for all the same'}.
          </p>
          <WhyNot doing={doing} />
          <div class="row">
            <Button icon="key" isBusy={doing.isBusy} onPress={() => void make()}>
              Make a link
            </Button>
          </div>
        </>
      )}
    </section>
  )
}

/** What lets them in or keeps them out, and what changes that. */
function WaysIn({ user, isSelf }: { readonly user: User; readonly isSelf: boolean }) {
  const doing = useDoing()
  const { name } = user
  const act = async (work: Parameters<Doing['run']>[0]): Promise<void> => {
    if ((await doing.run(work)) !== null) refresh()
  }
  return (
    <>
      <WhyNot doing={doing} />
      {user.locked_until !== null && (
        <Deed
          title="Locked out"
          label={`Unlock ${name}`}
          isBusy={doing.isBusy}
          onPress={() => void act(() => ask('POST /api/v1/users/{user}/unlock', { user: name }))}
        >
          Too many sign-ins failed, from one address at least: there the next is heard in{' '}
          <Age at={user.locked_until} />.
        </Deed>
      )}
      {user.has_password ? (
        <Deed
          title="Password"
          label="Take the password away"
          disabledWhy={isSelf ? 'change your own in Profile' : null}
          isBusy={doing.isBusy}
          onPress={() =>
            void act(() => ask('PATCH /api/v1/users/{user}', { user: name }, { body: { password: null } }))
          }
        >
          Set <Age at={user.password_set_at} /> ago. Without one {name} is signed out, and sets another when
          they come by a link.
        </Deed>
      ) : (
        <Deed title="Password">None yet: {name} sets one when they come by a link.</Deed>
      )}
      {user.totp && (
        <Deed
          title="Second factor"
          label="Remove the second factor"
          isBusy={doing.isBusy}
          onPress={() => void act(() => ask('DELETE /api/v1/users/{user}/totp', { user: name }))}
        >
          An app is asked for. Who has lost the phone and the recovery codes needs it removed.
        </Deed>
      )}
    </>
  )
}

interface DeedProps {
  readonly title: string
  readonly label?: string
  readonly disabledWhy?: string | null
  readonly isBusy?: boolean
  readonly onPress?: () => void
  readonly children: ComponentChildren
}

function Deed({ title, label, disabledWhy = null, isBusy, onPress, children }: DeedProps) {
  return (
    <section class={css.deed}>
      <h3>{title}</h3>
      <p>{children}</p>
      {label !== undefined && (
        <div class="row">
          <Button disabledWhy={disabledWhy} isBusy={isBusy} onPress={onPress}>
            {label}
          </Button>
        </div>
      )}
    </section>
  )
}

type RoleOfProps = Pick<UserDrawerProps, 'user' | 'isLastAdmin'> & { readonly isSelf: boolean }

function RoleOf({ user: { name, role }, isLastAdmin, isSelf }: RoleOfProps) {
  const [wanted, setWanted] = useState(role)
  const doing = useDoing()
  const change = async (): Promise<void> => {
    const body = { role: wanted }
    if ((await doing.run(() => ask('PATCH /api/v1/users/{user}', { user: name }, { body }))) === null) return
    // Whoever makes themselves less is somebody else from now on.
    if (isSelf) void findMe()
    refresh()
  }
  const isOther = wanted !== role
  return (
    <section class={css.deed}>
      <Field
        label="Role"
        help={
          isLastAdmin
            ? 'The last admin stays one: make somebody else an admin first.'
            : isOther
              ? `${name} is signed out, and comes again as ${wanted}.`
              : roleHelp(wanted)
        }
        error={doing.errorAt('/role')}
      >
        <SelectField options={ROLES} value={wanted} onInput={setWanted} isDisabled={isLastAdmin} />
      </Field>
      <WhyNot doing={doing} fields={['/role']} />
      {isOther && (
        <div class="row">
          <Button kind="ink" isBusy={doing.isBusy} onPress={() => void change()}>
            Make {name} {/^[aeo]/.test(wanted) ? 'an' : 'a'} {wanted}
          </Button>
          <Button onPress={() => setWanted(role)}>Leave it</Button>
        </div>
      )}
    </section>
  )
}

interface RemovingProps {
  readonly name: string
  readonly onClose: () => void
  readonly onDone: () => void
}

function Removing({ name, onClose, onDone }: RemovingProps) {
  const doing = useDoing()
  const remove = async (): Promise<void> => {
    if ((await doing.run(() => ask('DELETE /api/v1/users/{user}', { user: name }))) === null) return
    refresh()
    onDone()
  }
  return (
    <Dialog
      title={`Remove ${name}`}
      onClose={onClose}
      onSubmit={() => void remove()}
      actions={
        <>
          <Button onPress={onClose}>Keep {name}</Button>
          <Button kind="danger" type="submit" isBusy={doing.isBusy}>
            Remove {name}
          </Button>
        </>
      }
    >
      <p>
        Their sign-ins and links end at once. What they did stays in the audit, and API tokens that they made
        go on: look at <a href={to(`/settings/tokens${queryOf({ filter: name })}`)}>those of {name}</a>.
      </p>
      <WhyNot doing={doing} />
    </Dialog>
  )
}
