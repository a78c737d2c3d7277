import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** WCAG 2.2 at level AA, with all versions and the level that it includes; and what axe-core advises. */
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

interface Finding {
  id: string
  help: string
  nodes: { target: string[]; failureSummary?: string }[]
}

/** What axe-core finds wrong with the page as it is now, one text for each element. */
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
