package dev.tartan.train.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.acme.WideNet;
import dev.tartan.network.MlpConfig;
import dev.tartan.network.MlpLoss;
import dev.tartan.op.Activation;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworkTextTest {
    @Test
    void sizesOfAKindComeBackFromTheirText() {
        MlpConfig sizes = new MlpConfig(20, List.of(64, 32), 1, Activation.GELU, MlpLoss.SQUARED_ERROR);
        assertThat(NetworkText.parse(NetworkText.of(sizes))).isEqualTo(sizes);
        MlpConfig linear = new MlpConfig(20, List.of(), 3, Activation.RELU);
        assertThat(NetworkText.parse(NetworkText.of(linear))).isEqualTo(linear);
        assertThat(NetworkText.parse("{\"kind\": \"mlp\", \"inputs\": 20, \"hidden\": [], \"outputs\": 3}"))
                .isEqualTo(linear);
    }

    @Test
    void aClassIsReadWithItsSizes() {
        WideNet expected = new WideNet(64, WideNet.Shape.SQUARE_ROOT, 0.5, "a name");
        String sizes = "{\"width\": 64, \"shape\": \"square-root\"}";
        assertThat(NetworkText.parse(WideNet.class.getName(), sizes)).isEqualTo(expected);
        assertThat(NetworkText.parse(NetworkText.of(WideNet.class.getName(), sizes)))
                .isEqualTo(expected);
    }

    @Test
    void mistakesAreToldTogether() {
        assertThatThrownBy(() -> NetworkText.parse(WideNet.class.getName(), "{\"width\": 0, \"gian\": 1}"))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("config has 2 mistakes:")
                .hasMessageContaining("network.gian is not a key. Did you mean network.gain?")
                .hasMessageContaining("network.width");
        assertThatThrownBy(() -> NetworkText.parse("com.acme.None", ""))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("network.class is not on the class path: value=com.acme.None.");
        assertThatThrownBy(() -> NetworkText.parse("{\"kind\""))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("text of a network is neither JSON nor HOCON: text={\"kind\"");
        assertThatThrownBy(() -> NetworkText.of(new WideNet(1, WideNet.Shape.TANH, 1, "")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "network is of no kind with a name: class=com.acme.WideNet, kinds=[gpt, llama, mlp, dl4j]. Name"
                                + " its class.");
    }
}
