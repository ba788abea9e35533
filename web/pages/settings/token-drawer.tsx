// One token: what it may, and the button that revokes it.
import { useState } from 'preact/hooks'
import type { Token } from '../../data/api-types.ts'
import { ask } from '../../data/api.ts'
import { refreshHeld } from '../../data/held.ts'
import { queryOf, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog, Drawer } from '../../parts/overlays.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { ROLE_WORDS } from './role-words.ts'
import css from './settings.module.css'
import { Ends } from './token-ends.tsx'
import { useDoing, WhyNot } from './use-doing.tsx'

export function TokenDrawer({ token, onClose }: { readonly token: Token; readonly onClose: () => void }) {
  const [isRevoking, setRevoking] = useState(false)
  const { id, name, role, scopes, ranges, last_used_at: usedAt, last_used_from: usedFrom } = token
  return (
    <Drawer
      title={name}
      onClose={onClose}
      actions={
        <Button kind="danger" icon="trash" onPress={() => setRevoking(true)}>
          Revoke {name}…
        </Button>
      }
    >
      <dl class={css.facts}>
        <dt>Id</dt>
        <dd>
          <code>{id}</code>
        </dd>
        <dt>Role</dt>
        <dd>
          {role}: {ROLE_WORDS[role]}
        </dd>
        <dt>Only for</dt>
        <dd>{scopes.length === 0 ? 'all resources' : <Lines of={scopes} />}</dd>
        <dt>Only from</dt>
        <dd>{ranges.length === 0 ? 'anywhere' : <Lines of={ranges} />}</dd>
        <dt>Made</dt>
        <dd>
          <Time at={token.created_at} /> by {token.created_by}
        </dd>
        <dt>Last used</dt>
        <dd>
          {usedAt === null ? (
            'never'
          ) : (
            <>
              <Age at={usedAt} /> ago from <code>{usedFrom}</code>
            </>
          )}
        </dd>
        <dt>Ends</dt>
        <dd>
          <Ends token={token} />
        </dd>
      </dl>
      <p>
        <a href={to(`/activity/audit${queryOf({ actor: name })}`)}>What it has done</a>
      </p>
      {isRevoking && <Revoking token={token} onClose={() => setRevoking(false)} onDone={onClose} />}
    </Drawer>
  )
}

const Lines = ({ of }: { readonly of: readonly string[] }) => (
  <>
    {of.map((line) => (
      <div key={line}>
        <code>{line}</code>
      </div>
    ))}
  </>
)

interface RevokingProps {
  readonly token: Token
  readonly onClose: () => void
  readonly onDone: () => void
}

function Revoking({ token: { id, name, last_used_at: usedAt }, onClose, onDone }: RevokingProps) {
  const doing = useDoing()
  const revoke = async (): Promise<void> => {
    if ((await doing.run(() => ask('DELETE /api/v1/tokens/{token}', { token: id }))) === null) return
    refreshHeld((url) => url.includes('/tokens'))
    onDone()
  }
  return (
    <Dialog
      title={`Revoke ${name}`}
      onClose={onClose}
      onSubmit={() => void revoke()}
      actions={
        <>
          <Button onPress={onClose}>Keep it</Button>
          <Button kind="danger" type="submit" isBusy={doing.isBusy}>
            Revoke {name}
          </Button>
        </>
      }
    >
      <p>
        {usedAt === null ? (
          'Nobody has used it yet. '
        ) : (
          <>
            It was used <Age at={usedAt} /> ago.{' '}
          </>
        )}
        Whatever asks with it is refused from now on; it does not come back.
      </p>
      <WhyNot doing={doing} />
    </Dialog>
  )
}
