package dev.tartan.train.planner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.train.TrainingJob;
import java.util.List;
import org.junit.jupiter.api.Test;

class CandidatesTest {
    @Test
    void modelGroupsFitANodeAndDivideTheNetwork() {
        TrainingJob config = PlannerRuns.of("kind=gpt, vocab=512, context=32, hidden=64, layers=5, heads=4");
        List<Candidate> all = Candidates.onDevices(config, 16, 8);
        // 8 heads would be needed for groups of 8.
        assertThat(all).extracting(Candidate::model).containsOnly(1, 2, 4);
        assertThat(all).allMatch(each -> each.data() * each.model() == 16);
        assertThat(Candidates.onDevices(config, 16, 2))
                .extracting(Candidate::model)
                .containsOnly(1, 2);
    }

    @Test
    void microBatchesDivideTheSamplesOfARank() {
        TrainingJob config = PlannerRuns.small("train.globalBatch=24");
        assertThat(Candidates.onMesh(config, 2, 2))
                .extracting(Candidate::microBatches)
                .containsOnly(1, 2, 4);
        assertThat(Candidates.onMesh(config, 5, 1)).isEmpty();
    }

    @Test
    void whatSplitsOverOneRankIsNotAChoice() {
        TrainingJob config = PlannerRuns.small();
        assertThat(Candidates.onMesh(config, 1, 4)).extracting(Candidate::zero).containsOnly(0);
        assertThat(Candidates.onMesh(config, 4, 1))
                .extracting(Candidate::sequenceParallel)
                .containsOnly(false);
        assertThat(Candidates.onMesh(config, 2, 2)).hasSize(4 * 3 * 2 * 4);
    }

    @Test
    void aGivenShardIsKept() {
        TrainingJob config = PlannerRuns.small("mesh.data=4", "strategy.zero=1", "strategy.shard=2");
        List<Candidate> all = Candidates.onDevices(config, 8, 4);
        assertThat(all).extracting(Candidate::data).containsOnly(2, 4, 8);
        assertThat(Candidates.onMesh(config, 1, 1)).isEmpty();
        assertThat(Candidates.onMesh(config, 4, 2)).extracting(Candidate::zero).containsOnly(1, 2, 3);
        assertThat(all).allMatch(each -> each.in(config).strategy().shard() == 2);
    }

    @Test
    void aCandidateIsWhatItsConfigSays() {
        TrainingJob config = PlannerRuns.small();
        Candidates.onMesh(config, 2, 2)
                .forEach(each -> assertThat(Candidate.of(each.in(config))).isEqualTo(each));
    }
}
