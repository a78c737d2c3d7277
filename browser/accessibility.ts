import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** The rules of WCAG 2.2 and its earlier versions up to level AA, and the best practices of axe-core. */
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

interface Finding {
  id: string
  help: string
  nodes: { target: string[]; failureSummary?: string }[]
}

/** The faults that axe-core finds in the page in its current state, one text for each element. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Chromium evaluates this even if the policy of the page denies it to the scripts of the page.
  await page.evaluate(axe.source)
  const options = JSON.stringify({ runOnly: STANDARDS, resultTypes: ['violations'] })
  const { violations } = (await page.evaluate(`axe.run(${options})`)) as { violations: Finding[] }
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target} ${failureSummary}`),
  )
}

/** How many pixels of the page are outside the viewport at its right. */
export async function overflowOf(page: Page): Promise<number> {
  return Number(
    await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    ),
  )
}
