package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ModuleTest {
    @Test
    void namesJoinThePartsOnTheWay() {
        Gpt gpt = new Gpt(GptConfig.of(256, 16, 8, 1, 2));
        assertThat(gpt.parameters().keySet())
                .containsExactly(
                        "wte.weight",
                        "wpe.weight",
                        "h.0.ln_1.weight",
                        "h.0.ln_1.bias",
                        "h.0.attn.c_attn.weight",
                        "h.0.attn.c_attn.bias",
                        "h.0.attn.c_proj.weight",
                        "h.0.attn.c_proj.bias",
                        "h.0.ln_2.weight",
                        "h.0.ln_2.bias",
                        "h.0.mlp.c_fc.weight",
                        "h.0.mlp.c_fc.bias",
                        "h.0.mlp.c_proj.weight",
                        "h.0.mlp.c_proj.bias",
                        "ln_f.weight",
                        "ln_f.bias");
        assertThat(gpt.numParameters()).isEqualTo(256 * 8 + 16 * 8 + 12 * 64 + 13 * 8 + 2 * 8);
    }

    @Test
    void untiedHeadAddsALayer() {
        Gpt tied = new Gpt(GptConfig.of(256, 16, 8, 1, 2));
        Gpt untied = new Gpt(new GptConfig(256, 16, 8, 1, 2, 32, 1e-5, false, 0));
        assertThat(untied.parameters().keySet()).contains("lm_head.weight");
        assertThat(untied.numParameters() - tied.numParameters()).isEqualTo(256 * 8);
    }

    @Test
    void decayIsForTensorsOfTwoOrMoreDimsInFiles() {
        Gpt gpt = new Gpt(GptConfig.of(256, 16, 8, 1, 2));
        gpt.parameters()
                .forEach((name, param) -> assertThat(param.decays())
                        .as(name)
                        .isEqualTo(name.endsWith("weight") && !name.contains("ln_")));
        assertThat(gpt.parameters().get("h.0.attn.c_attn.bias").shape()).isEqualTo(shape(3, 2, 4));
    }

    @Test
    void aNameIsTakenOnlyOnce() {
        class Twice extends Module {
            Twice() {
                param("w", shape(1), Initializers.zeros());
                param("w", shape(1), Initializers.zeros());
            }
        }
        assertThatThrownBy(Twice::new)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("module declares a parameter twice: module=Twice, parameter=w. Give each a name of its"
                        + " own.");
    }

    @Test
    void aPartHasOneParent() {
        class Parent extends Module {
            Parent(Linear shared) {
                child("a", shared);
                child("b", shared);
            }
        }
        assertThatThrownBy(() -> new Parent(new Linear(1, 1, Initializers.zeros())))
                .hasMessage("module cannot take a part: module=Parent, part=b. Give each part one parent and a name of"
                        + " its own.");
    }

    @Test
    void layoutThatNamesNothingIsAMistake() {
        Layout layout = Layout.replicated().with("layers.*.wieght", dev.tartan.mesh.PartitionSpec.spec(null, "model"));
        Mlp mlp = new Mlp(4, java.util.List.of(8), 2, dev.tartan.op.Activation.RELU);
        assertThatThrownBy(() -> layout.applyTo(mlp))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layout names no parameter of the network: names=layers.*.wieght, network=Mlp. Correct the"
                        + " name.");
    }
}
