package dev.tartan.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GemmFormTest {
    @Test
    void plainMatmulTransposesNothing() {
        assertThat(GemmForm.of("btk,kn->btn")).isEqualTo(new GemmForm("", "bt", "n", "k", false, false, false));
    }

    @Test
    void batchLettersAreInAllThree() {
        assertThat(GemmForm.of("bhts,bhsd->bhtd")).isEqualTo(new GemmForm("bh", "t", "d", "s", false, false, false));
    }

    @Test
    void gradientsOfAMatmulAreTransposedProducts() {
        assertThat(GemmForm.of("btn,kn->btk")).isEqualTo(new GemmForm("", "bt", "k", "n", false, true, false));
        assertThat(GemmForm.of("btk,btn->kn")).isEqualTo(new GemmForm("", "k", "n", "bt", true, false, false));
    }

    @Test
    void resultMayBeTransposed() {
        assertThat(GemmForm.of("ik,kj->ji")).isEqualTo(new GemmForm("", "i", "j", "k", false, false, true));
    }

    @Test
    void innerAndOuterProductsHaveEmptyGroups() {
        assertThat(GemmForm.of("i,i->")).isEqualTo(new GemmForm("", "", "", "i", false, false, false));
        assertThat(GemmForm.of("i,j->ij")).isEqualTo(new GemmForm("", "i", "j", "", false, false, false));
    }

    @Test
    void whatIsNotAProductIsRefused() {
        assertThatThrownBy(() -> new Einsum("ijk,jl->il"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("einsum is not a matrix product: equation=ijk,jl->il, because letter 'k' is in the left"
                        + " operand only. Transpose or reduce an operand first.");
        assertThatThrownBy(() -> new Einsum("ij,jkl->ik"))
                .hasMessageContaining("letter 'l' is in the right operand only");
        assertThatThrownBy(() -> new Einsum("ibk,bkj->bij"))
                .hasMessageContaining("batch, rows, columns and inner letters are not contiguous groups");
        assertThatThrownBy(() -> new Einsum("ij->ji"))
                .hasMessage("einsum equation is not of the form 'ij,jk->ik': equation=ij->ji.");
    }

    @Test
    void lettersWithTwoSizesAreRefused() {
        assertThatThrownBy(() -> new Einsum("ik,kj->ij")
                        .resultTypes(java.util.List.of(
                                dev.tartan.op.reference.Draw.floats(2, 3), dev.tartan.op.reference.Draw.floats(4, 5))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("einsum \"ik,kj->ij\" letter 'k' has two sizes: operands=[f64[2, 3], f64[4, 5]].");
    }
}
