import type { Reporter, TestModule, Vitest } from "vitest/node";

/** A test that did not run. */
interface SkippedTest {
  readonly place: string;
  /** What it gave to `context.skip(reason)`. */
  readonly reason: string | undefined;
}

function skippedTests(modules: readonly TestModule[]): readonly SkippedTest[] {
  return modules.flatMap((module) =>
    [...module.children.allTests("skipped")].map((test) => {
      const result = test.result();
      const reason = result.state === "skipped" ? result.note : undefined;
      return { place: `${module.relativeModuleId} > ${test.fullName}`, reason };
    }),
  );
}

/**
 * Ends a run with every skipped test by name, under its reason: what a machine without nvcc or a Vulkan driver did not check must be
 * visible, not a number in the summary.
 */
export default class SkipReporter implements Reporter {
  /** Whether the run was asked for some tests by name; the others are then left out without a reason. */
  private filters = false;

  onInit(vitest: Vitest): void {
    this.filters = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = skippedTests(modules).filter(({ reason }) => reason !== undefined || !this.filters);
    if (skipped.length === 0) return;
    console.log(`\n Not tested: ${skipped.length} skipped ${skipped.length === 1 ? "test" : "tests"}`);
    for (const why of new Set(skipped.map(({ reason }) => reason))) {
      console.log(`   ${why ?? "without a reason"}`);
      for (const { place } of skipped.filter(({ reason }) => reason === why)) console.log(`     ${place}`);
    }
  }
}
