// The drawer that the address names: a rule, a new one, or the tester.
import type { ComponentChildren } from 'preact'
import { Guarded, Loading } from '../../parts/empty.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { NO_DRAWER } from './address.ts'
import type { Drawn } from './drawn.ts'
import { EditRule } from './edit-rule.tsx'
import { NewRule } from './new-rule.tsx'
import { Tester } from './tester.tsx'

export function openDrawer(drawn: Drawn): ComponentChildren {
  const { query, set } = drawn.address
  const close = (): void => set(NO_DRAWER)
  const edited = query.get('edit')
  const like = query.get('like')
  if (query.has('test'))
    return (
      <Guarded label="The tester">
        <Tester {...drawn} onClose={close} />
      </Guarded>
    )
  if (edited !== null)
    return (
      <Guarded key={edited} label="This rule">
        <EditRule {...drawn} id={edited} onClose={close} />
      </Guarded>
    )
  if ((like !== null || query.has('new')) && !drawn.isReady)
    return (
      <Drawer title="New rule" onClose={close}>
        <Loading lines={6} />
      </Drawer>
    )
  if (like !== null || query.has('new'))
    return (
      <Guarded key={`like ${like}`} label="The new rule">
        <NewRule {...drawn} like={like} onClose={close} />
      </Guarded>
    )
  return null
}
